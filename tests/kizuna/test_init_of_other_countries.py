"""Exports as other countries write them: names, marks, dates and ids, and totals equal to those that were written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kizuna.main import run
from tests.kizuna.exports import discover, purchases, write

pytestmark = pytest.mark.usefixtures("folder")

MOMENTS = [datetime(2025, 1, 13, 9, 5) + n * timedelta(hours=31, minutes=7) for n in range(120)]
AMOUNTS = [round(3.5 + 1234.56 * (n % 7), 2) for n in range(120)]


def write_amount(amount: float, thousands: str = ".", decimal: str = ",") -> str:
    return f"{amount:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))


Line = Callable[[int, datetime, float], str]
EXPORTS: dict[str, tuple[str, str, Line, tuple[str, str]]] = {
    "Brazil": (
        "Pedido;CPF;Data do Pedido;Produto;Quantidade;Valor Total",
        "cp1252",
        lambda n, one, x: f"{n};{1_700_000_000 + n % 20};{one:%d/%m/%Y %H:%M};Café {n % 5};2;R$ {write_amount(x)}",
        ("BRL", "America/Sao_Paulo"),
    ),
    "Poland": (
        "Nr zamówienia;Nr klienta;Data;Godzina;Produkt;Ilość;Wartość",
        "cp1250",
        lambda n, one, x: f"{n}/25;{n % 20:06d};{one:%d.%m.%Y};{one:%H:%M};Książka;1;{write_amount(x, ' ')} zł",
        ("PLN", "Europe/Warsaw"),
    ),
    "Denmark": (
        "Ordrenummer;Kundenr.;Dato;Varenr.;Beløb DKK",
        "latin-1",
        lambda n, one, x: f"{n};{n % 20};{one:%d-%m-%Y %H.%M};V{n % 5};{write_amount(x)}",
        ("DKK", "Europe/Copenhagen"),
    ),
    "Switzerland": (
        "Beleg;Kunde;Datum;Uhrzeit;Artikel;Betrag CHF",
        "utf-8",
        lambda n, one, x: f"B{n};K-{n % 20};{one:%d.%m.%y};{one:%H.%M};A{n % 5};{write_amount(x, chr(39), '.')}",
        ("CHF", "Europe/Zurich"),
    ),
    "Mexico": (
        "pedido,cliente,fecha,producto,cantidad,importe",
        "utf-8",
        lambda n, one, x: f'{n},{n % 20},{one:%d/%m/%Y %H:%M},P{n % 5},1,"MX${x:,.2f}"',
        ("MXN", "America/Mexico_City"),
    ),
    "Russia": (
        "Номер заказа;Код клиента;Дата заказа;Товар;Количество;Сумма",
        "utf-8",
        lambda n, one, x: f"{n};{n % 20:05d};{one:%d.%m.%Y %H:%M};Т{n % 5};1;{write_amount(x, chr(160))} ₽",
        ("RUB", "Europe/Moscow"),
    ),
    "Korea": (
        "주문번호,고객번호,주문일시,상품코드,수량,결제금액",
        "utf-8",
        lambda n, one, x: f'{n},{n % 20:07d},{one:%Y-%m-%d %H:%M},S{n % 5},1,"{write_amount(x, ",", ".")}"',
        ("KRW", "Asia/Seoul"),
    ),
    "China": (
        "订单编号,客户编号,下单时间,商品编码,数量,实付金额",
        "utf-8",
        lambda n, one, x: f'{n},{n % 20:07d},{one:%Y-%m-%d %H:%M},S{n % 5},1,"{write_amount(x, ",", ".")}"',
        ("CNY", "Asia/Shanghai"),
    ),
}


@pytest.mark.parametrize("country", EXPORTS)
def test_an_export_of_another_country_gives_the_amounts_customers_and_times_that_it_has(country: str):
    header, encoding, line, (currency, zone) = EXPORTS[country]
    lines = [line(n, *pair) for n, pair in enumerate(zip(MOMENTS, AMOUNTS, strict=True))]
    write("export.csv", [header, *lines], encoding=encoding)

    toml = discover("export.csv")

    rows = purchases()
    assert sum(row["amount"] for row in rows) == pytest.approx(sum(AMOUNTS))
    assert sorted(row["event_time"] for row in rows) == MOMENTS
    assert len({row["customer_id"] for row in rows}) == 20
    assert (toml["currency"], toml["time_zone"]) == (currency, zone)


ARABIC = str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫")
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


def write_half(one: datetime, halves: tuple[str, str]) -> tuple[str, str]:
    """The half of the day, and the time on a clock of twelve hours."""
    return halves[one.hour // 12], f"{one.hour % 12 or 12}:{one:%M}"


OTHER_CHARACTERS: dict[str, Callable[[datetime, float], str]] = {
    "Arabic digits": lambda one, x: f"{one:%Y/%m/%d %H:%M};{write_amount(x, ',', '.')}".translate(ARABIC),
    "Thai digits": lambda one, x: f"{one:%Y-%m-%d %H:%M};{write_amount(x, ',', '.')}".translate(THAI),
    "typographic apostrophes": lambda one, x: f"{one:%Y-%m-%d %H:%M};{write_amount(x, '’', '.')}",
    "halves of the day in Spanish": lambda one, x: (
        f"{one:%d/%m/%Y} {' '.join(reversed(write_half(one, ('a. m.', 'p. m.'))))};{x:.2f}"
    ),
    "halves of the day in Japanese": lambda one, x: (
        f"{one:%Y/%m/%d} {' '.join(write_half(one, ('午前', '午後')))};{x:.2f}"
    ),
    "halves of the day in Korean": lambda one, x: (
        f"{one:%Y-%m-%d} {' '.join(write_half(one, ('오전', '오후')))};{x:.2f}"
    ),
    "days of a spreadsheet with a decimal comma": lambda one, x: (
        f"{(one - datetime(1899, 12, 30)) / timedelta(days=1):.6f};{x:.2f}".replace(".", ",")
    ),
}


@pytest.mark.parametrize("written", OTHER_CHARACTERS)
def test_times_and_amounts_are_read_in_whatever_characters_a_spreadsheet_writes_them(written: str):
    line = OTHER_CHARACTERS[written]
    pairs = list(zip(MOMENTS, AMOUNTS, strict=True))
    write(
        "orders.csv", ["customer_id;order_date;amount", *(f"c{n % 20};{line(*pair)}" for n, pair in enumerate(pairs))]
    )

    discover("orders.csv")

    rows = purchases()
    assert sum(row["amount"] for row in rows) == pytest.approx(sum(AMOUNTS))
    assert sorted(row["event_time"] for row in rows) == MOMENTS


@pytest.mark.parametrize(
    "name",
    ["From Email Address", "buyer-email", "E-Mail-Adresse (Rechnungsadresse)", "注文者メールアドレス", "Müşteri No"],
)
def test_the_address_or_number_of_a_buyer_is_the_customer(name: str):
    mails = [f"{name};date;amount", *(f"c{n % 20}@example.com;{one:%Y-%m-%d};5" for n, one in enumerate(MOMENTS))]
    write("orders.csv", mails)

    toml = discover("orders.csv")

    assert toml["tables"]["purchases"]["columns"]["customer_id"] == name


MONTHS = {
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "German, short": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november december",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november december",
}


@pytest.mark.parametrize("language", MONTHS)
def test_months_have_names_in_many_languages(language: str):
    names, year = MONTHS[language].split(), [datetime(2024, 6, 3) + n * timedelta(days=3) for n in range(122)]
    between = {"German": (". ", " "), "Spanish": (" de ", " de "), "Portuguese": (" de ", " de ")}
    gaps = between.get(language.partition(",")[0], (" ", " "))
    days = [f"{one.day}{gaps[0]}{names[one.month - 1]}{gaps[1]}{one.year}" for one in year]
    write("orders.csv", ["customer_id,order_date,amount", *(f"c{n % 20},{day},5.50" for n, day in enumerate(days))])

    discover("orders.csv")

    assert sorted(row["event_time"] for row in purchases()) == year


@pytest.mark.parametrize("name", ["customer_id", "Kundennummer", "CPF"])
def test_ids_of_ten_digits_are_no_moments(name: str):
    lines = [f"{1_700_000_000 + n % 20},{one:%Y-%m-%d %H:%M},{2_000_000_000 + n},5.50" for n, one in enumerate(MOMENTS)]
    write("orders.csv", [f"{name},order_date,order_id,amount", *lines])

    toml = discover("orders.csv")

    assert toml["tables"]["purchases"]["columns"]["customer_id"] == name
    assert sorted({row["customer_id"] for row in purchases()})[0] == "1700000000"


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["1.250,00", "980,50-", "3,00"], [1250.0, -980.5, 3.0]),
        (["1,250.00", "980.50-", "12.00 -"], [1250.0, -980.5, -12.0]),
        (["12.-", "1'250.-", "7.50"], [12.0, 1250.0, 7.5]),
        (["12,-", "1.250,--", "7,50"], [12.0, 1250.0, 7.5]),
    ],
)
def test_a_minus_behind_an_amount_is_one_and_a_dash_for_cents_is_none(amounts: list[str], expected: list[float]):
    lines = [f'c{n % 20};{one:%Y-%m-%d};"{amounts[n % 3]}"' for n, one in enumerate(MOMENTS)]
    write("orders.csv", ["customer;order_date;amount", *lines])

    discover("orders.csv")

    assert sum(row["amount"] for row in purchases()) == pytest.approx(40 * sum(expected))


@pytest.mark.parametrize("written_as", ["%Y-%m", "%m/%Y", "%b %Y", "%Y%m"])
def test_a_column_for_each_month_is_named_as_what_has_to_be_changed(
    written_as: str, capsys: pytest.CaptureFixture[str]
):
    months = [f"{datetime(2025, month, 1):{written_as}}" for month in range(1, 9)]
    write("sales.csv", [",".join(["customer_id", *months]), *(f"C{n},{'9.50,' * 7}1.00" for n in range(30))])

    assert run(["init", "sales.csv", "--yes"]) == 2

    message = " ".join(capsys.readouterr().err.split())
    assert f"sales.csv has a column for each month ({months[0]} to {months[-1]}), which is not read" in message
    assert "with the columns customer_id, month and amount" in message
    assert not Path("kizuna.toml").exists()


STATES = {
    "Auftragsstatus": ("versendet", "storniert", "retourniert"),
    "Statut": ("livrée", "annulée", "remboursé"),
    "Estado": ("entregado", "cancelado", "devuelto"),
    "Situação": ("entregue", "cancelado", "estornado"),
    "Stato ordine": ("spedito", "annullato", "rimborsato"),
    "Status zamówienia": ("zrealizowane", "anulowane", "zwrot"),
    "订单状态": ("交易成功", "已取消", "已退款"),
}


@pytest.mark.parametrize("name", STATES)
def test_cancelled_and_returned_orders_are_no_purchases_in_any_language(name: str):
    words = STATES[name]
    states = [words[0 if n % 10 else n // 10 % 2 + 1] for n in range(120)]
    lines = [f"{n},c{n % 20},{one:%Y-%m-%d},{n}.50,{states[n]}" for n, one in enumerate(MOMENTS)]
    write("orders.csv", [f"order_id,customer_id,order_date,amount,{name}", *lines])

    toml = discover("orders.csv")

    assert sum(row["amount"] for row in purchases()) == sum(n + 0.5 for n in range(120) if n % 10)
    assert toml["tables"]["purchases"]["where"] == [{"column": name, "none_of": list(words[1:])}]


def test_states_whose_words_are_unknown_are_named(capsys: pytest.CaptureFixture[str]):
    lines = [f"{n},c{n % 20},{one:%Y-%m-%d},5.50,{'blue' if n % 3 else 'paid'}" for n, one in enumerate(MOMENTS)]
    write("orders.csv", ["order_id,customer_id,order_date,amount,status", *lines])

    run(["init", "orders.csv", "--yes"])

    assert "orders.csv: rows whose status is 'blue' count as purchases; if some are none" in " ".join(
        capsys.readouterr().out.split()
    )


SUBSCRIPTIONS = {
    "German": ("vertraege.csv", "Mitglieds-Nr.;Tarif;Monatsbeitrag;Vertragsbeginn;Vertragsende"),
    "Portuguese": ("assinaturas.csv", "cliente_id;plano;valor_mensal;data_inicio;data_cancelamento"),
    "French": ("abonnements.csv", "Numéro adhérent;Formule;Prix mensuel;Date début;Date résiliation"),
    "Spanish": ("suscripciones.csv", "cliente;plan;cuota mensual;fecha inicio;fecha de baja"),
    "Italian": ("abbonamenti.csv", "cliente;piano;canone mensile;data inizio;data disdetta"),
    "Polish": ("umowy.csv", "Nr klienta;Taryfa;Opłata miesięczna;Data rozpoczęcia;Data zakończenia"),
    "Dutch": ("abonnementen.csv", "klantnummer;abonnement;maandbedrag;ingangsdatum;einddatum"),
}


@pytest.mark.parametrize("language", SUBSCRIPTIONS)
def test_subscriptions_are_found_by_their_names_in_many_languages(language: str):
    name, header = SUBSCRIPTIONS[language]
    ends = ["" if n % 3 else f"{one + timedelta(days=90):%d.%m.%Y}" for n, one in enumerate(MOMENTS)]
    write(name, [header, *(f"{n:05d};A;{20 + n % 2},90;{one:%d.%m.%Y};{ends[n]}" for n, one in enumerate(MOMENTS))])

    toml = discover(name)

    columns = toml["tables"]["subscriptions"]["columns"]
    customer, plan, mrr, start, end = header.split(";")
    expected = {"customer_id": customer, "plan": plan, "mrr": mrr, "started_at": start, "ended_at": end}
    assert {key: columns.get(key) for key in expected} == expected
