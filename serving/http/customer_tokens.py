"""Customer tokens: JSON Web Tokens with which a shop states which customer a browser belongs to.

    {"iss": "https://shop.example", "aud": "5f3a9c01", "sub": "17850", "exp": 1790000900}
             an origin of the key    id of the key     customer id       at most an hour ahead

The key decides the algorithm, not the token: Ed25519 is EdDSA, P-256 is ES256, RSA is RS256. A token can therefore
neither be unsigned nor be signed with the public key as if it were a shared secret (RFC 8725, section 2.1).
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from core.access import BrowserAccess
from core.errors import BadInput
from core.ids import MAX_ID_LENGTH
from serving.http.problems import Problem, ProblemType

MAX_LENGTH = 2_048
"Characters of a token."
MAX_SECONDS = 3_600
"How far ahead a token may expire."
CLOCK_SKEW_SECONDS = 60
MIN_RSA_BITS = 2_048
CLAIMS = ("iss", "aud", "sub", "exp")
CHALLENGE = {"www-authenticate": 'Bearer error="invalid_token"'}
PublicKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey
HOW_TO_MAKE = (
    "make a pair with `openssl genpkey -algorithm ed25519 -out private.pem` and `openssl pkey -in private.pem -pubout`"
)


@lru_cache(maxsize=64)
def load_public_key(pem: str) -> tuple[PublicKey, str]:
    """The key in a PEM text, and its algorithm as JWTs name it. Raises BadInput."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(f"the public key is no PEM of a public key; {HOW_TO_MAKE}") from None
    if isinstance(key, Ed25519PublicKey):
        return key, "EdDSA"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key, "ES256"
    if isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return key, "RS256"
    raise BadInput(f"the public key has to be Ed25519, P-256, or RSA of at least {MIN_RSA_BITS} bits; {HOW_TO_MAKE}")


def read_customer(token: str, access: BrowserAccess, *, key_id: str, now: datetime) -> str:
    """The customer of a token that was signed for this browser key. Raises Problem, whose text repeats no claim."""
    public_key, algorithm = load_public_key(access.public_key)
    if not token or len(token) > MAX_LENGTH:
        raise _refuse("send one header kizuna-customer-token, with a token that the shop has signed")
    try:
        claims = jwt.decode(
            token, public_key, algorithms=[algorithm], audience=key_id, issuer=access.origins,
            leeway=CLOCK_SKEW_SECONDS, options={"require": [*CLAIMS], "strict_aud": True},
        )  # fmt: skip
    except jwt.InvalidTokenError as error:
        raise _refuse(_explain(error)) from None
    if not isinstance(claims["exp"], int | float):  # PyJWT reads numbers in texts, too
        raise _refuse("the claim exp has to be a number")
    if claims["exp"] > now.timestamp() + MAX_SECONDS + CLOCK_SKEW_SECONDS:
        raise _refuse(f"the token expires more than {MAX_SECONDS // 60} minutes ahead")
    customer_id: str = claims["sub"]
    if not 1 <= len(customer_id) <= MAX_ID_LENGTH:
        raise _refuse(f"the claim sub has to have 1 to {MAX_ID_LENGTH} characters")
    return customer_id


def _explain(error: jwt.InvalidTokenError) -> str:
    """What is wrong with a token, in our words."""
    texts: dict[type[jwt.InvalidTokenError], str] = {
        jwt.ExpiredSignatureError: "the token has expired",
        jwt.ImmatureSignatureError: "the token is not valid yet",
        jwt.MissingRequiredClaimError: f"the token lacks one of the claims {', '.join(CLAIMS)}",
        jwt.InvalidAudienceError: "the claim aud has to be the id of the key",
        jwt.InvalidIssuerError: "the claim iss has to be an origin of the key",
        jwt.InvalidSignatureError: "the signature is not that of the key's private key",
        jwt.InvalidAlgorithmError: "the algorithm is not that of the key",
    }
    return texts.get(type(error), "the token cannot be read")


def _refuse(detail: str) -> Problem:
    return Problem(ProblemType.INVALID_CUSTOMER_TOKEN, detail, headers=CHALLENGE)
