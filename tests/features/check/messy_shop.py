"""A shop whose files have nearly every fault that `kizuna check` knows."""

from __future__ import annotations

from pathlib import Path

TOML = """
name = "messy"
time_zone = "Asia/Tokyo"
currency = "JPY"
active_days = 30
as_of_today = []
churn = { horizon_days = 10 }
cutoffs = { test = 2025-06-10, train = [2025-05-20] }
attributes = { customers = ["height", "weight", "note"] }
[tables.purchases]
path = "purchases_*.csv"
[tables.customers]
path = "customers.csv"
columns = { note = "mail" }
[tables.identities]
path = "identities.csv"
[tables.surveys]
path = "surveys.csv"
[tables.consents]
path = "consents.csv"
[tables.subscriptions]
path = "subscriptions.csv"
last_day_included = true
[tables.usage]
path = "usage.csv"
"""


def write_messy_shop(folder: Path) -> Path:
    """Write the files; returns the TOML."""
    for name, lines in FILES.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "messy.toml").write_text(TOML, encoding="utf-8")
    return folder / "messy.toml"


def _sales() -> list[str]:
    """300 plain sales of 60 customers, 15/04/2025 to 28/06/2025."""
    days = [f"{1 + n % 28:02d}/{4 + n % 3:02d}/2025" for n in range(300)]
    return [f"c{n % 60},{day},{100 + n},o{n},1" for n, day in enumerate(days)]


PURCHASE_HEADER = "customer_id,event_time,amount,order_id,quantity"
FILES = {
    "purchases_1.csv": [
        PURCHASE_HEADER,
        *_sales(),
        "c1,01/01/1970,5,o900,1",
        "c1,01/01/2062,5,o901,1",
        ",20/06/2025,5,o902,1",
        "N/A,20/06/2025,5,o903,1",
        "guest,20/06/2025,5,o904,1",
        "1.78E+04,20/06/2025,5,o905,1",
        "c2,20/06/2025,$12.00,o906,1",
        "c2,20/06/2025,many,o907,1",
        "c3,20/06/2025,-900000,o908,1",
        "c4,20/06/2025,40,o909,",
        "Ｃ５,20/06/2025,40,o910,1",
        "C6,20/06/2025,40,o911,1",
        f"{'x' * 200},20/06/2025,40,o912,1",
    ],
    "purchases_2.csv": [PURCHASE_HEADER, *_sales()[-40:]],
    "customers.csv": [
        "customer_id,joined_at,height,weight,mail",
        *(f"c{n},2025-06-01,{150 + n},{f'{50 + n} kg'},c{n}@shop.example" for n in range(30)),
        "c30,2025-06-01,unknown height,80 kg,",
    ],
    "identities.csv": ["alias_id,customer_id", "a,b", "b,a"],
    "surveys.csv": [
        "customer_id,event_time,kind,score",
        *(f"c{n},2025-06-01,nps,{n + 8}" for n in range(5)),
        *(f"c{n % 50},2025-06-01,csat,2" for n in range(40)),
        "c1,2025-06-01,csat,",
        "c1,2025-06-01,ces,2",
    ],
    "consents.csv": ["customer_id,purpose,granted,event_time", "c1,marketing,false,2025-06-01"],
    "subscriptions.csv": [
        "customer_id,subscription_id,plan,mrr,started_at,ended_at,currency",
        "c1,s1,basic,10,2025-01-01,2025-06-30,JPY",
        "c1,s1,pro,20,2025-02-01,,JPY",
        "c2,s2,basic,10,2025-03-01,2025-02-01,JPY",
        "c3,s3,coupon,-5,2025-03-01,,JPY",
        "c4,s4,basic,10,2025-03-01,,USD",
    ],
    "usage.csv": [
        "customer_id,event_time,event,value",
        *(f"c{n % 60},2025-06-{1 + n % 28:02d} 10:00,login," for n in range(80)),
    ],
}
