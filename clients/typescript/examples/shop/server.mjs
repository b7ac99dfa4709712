// A tiny shop: serves the page and the client, and signs customer tokens. It needs Node alone.
//
//   KIZUNA_BROWSER_KEY=kz_... node server.mjs --kizuna http://127.0.0.1:3000 --private-key private.pem --port 8080
//
// Your shop has its own sessions, logins and files; what it needs from here is `signToken`.

import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    kizuna: { type: "string", default: "http://127.0.0.1:3000" },
    "private-key": { type: "string", default: "private.pem" },
    client: { type: "string", default: new URL("../../dist", import.meta.url).pathname },
    port: { type: "string", default: "8080" },
  },
});
const browserKey = process.env.KIZUNA_BROWSER_KEY ?? fail("set KIZUNA_BROWSER_KEY; `kizuna keys add --origin ...` makes one");
const keyId = /^kz_([0-9a-f]{8})_/.exec(browserKey)?.[1] ?? fail("KIZUNA_BROWSER_KEY is no key of `kizuna keys add`");
const privateKey = await readPrivateKey(options["private-key"]);
const origin = `http://localhost:${options.port}`;
const headers = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${new URL(options.kizuna).origin}; form-action 'self'; frame-ancestors 'none'`,
};
const customers = new Map(); // by session: who is logged in

/** A token that says for a quarter of an hour: this browser belongs to this customer. */
function signToken(customerId) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: origin, aud: keyId, sub: customerId, exp: now + 900 };
  const content = [{ alg: "EdDSA", typ: "JWT" }, claims].map(encode).join(".");
  return `${content}.${sign(null, Buffer.from(content), privateKey).toString("base64url")}`;
}

function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** Who asks: the customer who is logged in, or else an anonymous session. */
function readSession(request) {
  const session = /(?:^|; )session=([0-9a-f-]{36})(?:;|$)/.exec(request.headers.cookie ?? "")?.[1];
  return { session, customerId: customers.get(session), anonymousId: session && `visit-${session}` };
}

const pages = {
  "GET /": () => readPage("index.html", "text/html; charset=utf-8"),
  "GET /shop.js": () => readPage("shop.js", "text/javascript; charset=utf-8"),
  "GET /style.css": () => readPage("style.css", "text/css; charset=utf-8"),
  "GET /session": (request) => {
    const { customerId, anonymousId } = readSession(request);
    return asJson({ kizuna: options.kizuna, key: browserKey, customerId, anonymousId });
  },
  "GET /token": (request) => {
    const { customerId, anonymousId } = readSession(request);
    return { type: "text/plain", body: signToken(customerId ?? anonymousId) };
  },
  // Your shop checks a password here.
  "POST /login": (request, form) => {
    const { session } = readSession(request);
    const customerId = form.get("customer_id")?.trim();
    if (session && customerId) customers.set(session, customerId);
    return { status: 303, location: "/" };
  },
};

async function readPage(name, type) {
  return { type, body: await readFile(new URL(name, import.meta.url)) };
}

/** A file of the built client. */
async function readClient(name) {
  return { type: "text/javascript; charset=utf-8", body: await readFile(`${options.client}/${name}`) };
}

function asJson(content) {
  return { type: "application/json", body: JSON.stringify(content) };
}

async function answer(request) {
  const path = new URL(request.url, origin).pathname;
  const module = /^\/kizuna-client\/([a-z]+\.js)$/.exec(path)?.[1];
  if (module) return readClient(module);
  const page = pages[`${request.method} ${path}`];
  if (!page) return { status: 404, type: "text/plain", body: "no such page" };
  return page(request, request.method === "POST" ? await readForm(request) : undefined);
}

async function readForm(request) {
  let text = "";
  for await (const part of request) {
    text += part;
    if (text.length > 1_000) break;
  }
  return new URLSearchParams(text);
}

async function readPrivateKey(path) {
  try {
    return createPrivateKey(await readFile(path));
  } catch {
    return fail(`${path} is no private key; make one with \`openssl genpkey -algorithm ed25519 -out ${path}\``);
  }
}

function fail(message) {
  console.error(message);
  process.exit(2);
}

const server = createServer(async (request, response) => {
  const { session } = readSession(request);
  const cookie = session ? {} : { "set-cookie": `session=${randomUUID()}; HttpOnly; SameSite=Lax; Path=/` };
  try {
    const { status = 200, type, body = "", location } = await answer(request);
    const content = type ? { "content-type": type } : {};
    response.writeHead(status, { ...headers, ...cookie, ...content, ...(location ? { location } : {}) }).end(body);
  } catch {
    response.writeHead(500, headers).end();
  }
});
server.listen(Number(options.port), "localhost", () => console.log(`the shop is at ${origin}`));
