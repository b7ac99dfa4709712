"""Amounts and ids of order lines: a line's own amount, never the total of its order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tables.cleaning.order_totals import count_repeated_amounts
from tables.discovery.columns import ColumnFacts
from tables.discovery.guesses import ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.proposal import Setting
from tables.discovery.vocabulary import load_vocabulary, normalise

UNIT_PRICE = "unit_price"
"Of purchases: no column of the contract, but multiplied by the quantity it is the amount."
REFUNDED = "refunded"
"Of purchases: no column of the contract either; the amount is what was paid less what was paid back."
NET = re.compile(r"\bnet\b|純売上|返金後")
"In the names of amounts from which refunds have been taken off."
OF_LINES = ("amount", "quantity", "cost", "item_id", "line_id", UNIT_PRICE, REFUNDED)
"Columns that are those of a line where an order has a list of lines."

NEGATIVE = r"^[^0-9]*[(−△▲-]|-$"
"A number below zero as text."
NOT_ZERO = re.compile("[1-9]")
DISCOUNT = re.compile("discount|rabatt?|remise|descuento|desconto|sconto|korting|skidk|скидк|割引|値引|折扣|할인")
"In the names of what is taken off prices."
MAX_PIECES = 100
"More different numbers are no pieces of an order line."
MIN_ITEMS = 10
"Items that were bought both once and several at a time, by whose prices it is decided what a price is for."
CLEARLY = 0.5
"The price of a line may differ from that of one piece, times the quantity, by this share of the other difference."


def is_of_line(name: str, column: str, *, examined: ExaminedSource) -> bool:
    """Whether a column can say something about a line: an amount of the order is that of all its lines."""
    each = examined.source.settings.each
    return column not in OF_LINES or ((each is None or name.startswith(f"{each}.")) and name not in examined.of_lookup)


def add_ids_of_list(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The ids of orders and lines where each order has a list of lines, and both have an `id`."""
    each = examined.source.settings.each
    line = examined.columns.get(f"{each}.id")
    ids: dict[str, ColumnGuess] = {}
    if each is not None and "id" in examined.columns:
        ids["order_id"] = ColumnGuess(column="id", evidence=f"the id of what has the list {each}")
    if line is not None and line.is_unique:
        ids["line_id"] = ColumnGuess(column=line.name, evidence="every object of the list has its own")
    return ids | columns


def add_amount(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The amount of a line: its own column, or quantity times price."""
    columns = _pieces_as_quantity(examined, columns)
    price, quantity = columns.get(UNIT_PRICE), columns.get("quantity")
    if price is None:
        return _share_totals(examined, columns)
    if quantity is not None and "amount" not in columns and _grows_with_quantity(examined, columns):
        evidence = f"for more pieces {price.column} is higher in proportion, so it is that of the line"
        return columns | {"amount": replace(price, evidence=evidence)}
    if quantity is not None and ("amount" not in columns or _is_order_total(examined, columns)):
        factors = (*quantity.sources, *price.sources)
        reason = (
            "no column has the amount of a line"
            if "amount" not in columns
            else f"{columns['amount'].column} is the total of the order, in its first line"
            if columns["amount"].column in examined.once_per_order
            else f"{columns['amount'].column} repeats the total of the order in each of its lines"
        )
        return columns | {"amount": ColumnGuess(product=factors, evidence=f"quantity times price, because {reason}")}
    if "amount" not in columns:
        return columns | {"amount": replace(price, evidence="the price, because there is no quantity")}
    return columns


def _pieces_as_quantity(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The column called amount as the quantity where it counts pieces: mostly ones, beside a price."""
    amount, price = columns.get("amount"), columns.get(UNIT_PRICE)
    if (
        amount is None
        or price is None
        or "quantity" in columns
        or "amount" not in normalise(str(amount.column)).split()
    ):
        return columns
    facts = examined.columns[str(amount.column)]
    is_whole = facts.numbers is not None and facts.numbers.is_whole
    if not is_whole or facts.n_distinct > MAX_PIECES or next(iter(facts.values), "") != "1":
        return columns
    others = {name: column for name, column in columns.items() if name != "amount"}
    return others | {"quantity": replace(amount, evidence=f"whole numbers, mostly 1, beside the price {price.column}")}


def _grows_with_quantity(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> bool:
    """Whether what is called a price is that of all pieces: for two of an item it is twice as high as for one."""
    names = {"item": columns.get("item_id"), "pieces": columns["quantity"], "price": columns[UNIT_PRICE]}
    if any(guess is None or guess.column is None for guess in names.values()):
        return False
    rows = examined.rows.select(**{name: examined.rows[str(guess.column)] for name, guess in names.items() if guess})
    rows = rows.mutate(pieces=rows.pieces.try_cast("float64"), price=rows.price.try_cast("float64"))
    rows = rows.filter(rows.item.notnull(), rows.pieces >= 1, rows.price > 0)
    is_one = rows.pieces == 1
    items = rows.group_by("item").agg(
        one=rows.price.mean(where=is_one),
        several=rows.price.mean(where=~is_one),
        each=(rows.price / rows.pieces).mean(where=~is_one),
    )
    items = items.filter(items.one.notnull(), items.several.notnull())
    gaps = items.agg(
        n=items.count(),
        unit_gap=(items.several / items.one).ln().abs().median(),
        line_gap=(items.each / items.one).ln().abs().median(),
    )
    gap = gaps.to_pyarrow().to_pylist()[0]
    return gap["n"] >= MIN_ITEMS and gap["line_gap"] < CLEARLY * gap["unit_gap"]


def take_off_refunds(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The amount less the column with what was paid back, unless it is net already or that column is of the order."""
    refunded, amount = columns.get(REFUNDED), columns.get("amount")
    columns = {name: column for name, column in columns.items() if name != REFUNDED}
    if refunded is None or amount is None or _is_flag(examined.columns[str(refunded.column)]):
        return columns
    is_net = any(NET.search(normalise(name)) for name in amount.sources)
    order = examined.columns.get(str(columns["order_id"].column)) if "order_id" in columns else None
    is_repeated = order is not None and order.n_distinct < order.n_filled
    if is_net or (is_repeated and refunded.column not in examined.once_per_order):
        return columns
    return columns | {"amount": replace(amount, minus=refunded.sources)}


def describe_discounts(guess: TableGuess) -> Iterator[str]:
    """Numbers beside quantity and price that look like discounts: whether of money or a share, nothing says."""
    amount = guess.columns.get("amount")
    if guess.table != "purchases" or amount is None or not amount.product:
        return
    for facts in guess.examined.columns.values():
        if _has_amounts(facts) and facts.name not in amount.minus and DISCOUNT.search(normalise(facts.name)):
            yield (
                f"{guess.examined.source.label}: {facts.name} is not taken off the amounts, which are "
                f'{" times ".join(amount.product)}; where it is money off a line, add minus = ["{facts.name}"] beside '
                "product; where it is a share, put the amount of each line into the export: "
                f"{' * '.join(amount.product)} * (1 - {facts.name}), in percent {facts.name} / 100"
            )


def describe_refunds(guess: TableGuess) -> Iterator[str]:
    """Columns with what was paid back of a whole order, repeated in each of its lines: nothing says of which line."""
    amount = guess.columns.get("amount")
    if guess.table != "purchases" or amount is None or any(NET.search(normalise(name)) for name in amount.sources):
        return
    rank_of = load_vocabulary().rank_of
    for facts in guess.examined.columns.values():
        is_refund = rank_of(facts.name, table="purchases", column=REFUNDED) is not None
        if is_refund and facts.name not in amount.minus and _has_amounts(facts) and not _is_flag(facts):
            yield (
                f"{guess.examined.source.label}: {facts.name} is not taken off the amounts, because lines of one order "
                f'may repeat it; where it is that of the line, write minus = ["{facts.name}"] beside the amount; where '
                "it is that of the order, leave it empty in all but the first line of each order"
            )


def _has_amounts(facts: ColumnFacts) -> bool:
    """Whether a column has numbers other than zero."""
    return bool((facts.is_number and facts.high) or (facts.numbers and any(map(NOT_ZERO.search, facts.values))))


def returns_by_quantity(guess: TableGuess) -> Iterator[Setting]:
    """The setting of returns, where a negative quantity is what tells them: their amounts are not negative."""
    amount, quantity = guess.columns.get("amount"), guess.columns.get("quantity")
    if amount is None or quantity is None or amount.column is None or quantity.column is None:
        return
    rows = guess.examined.rows
    is_return = rows[quantity.column].cast("string").strip().startswith("-")
    paid = rows[amount.column].cast("string").strip()
    is_paid = paid.re_search("[1-9]")
    is_positive = is_paid & ~paid.re_search(NEGATIVE)
    counts = rows.aggregate(n=(is_return & is_paid).sum(), positive=(is_return & is_positive).sum())
    lines = counts.to_pyarrow().to_pylist()[0]
    if lines["positive"] and lines["positive"] > CLEARLY * lines["n"]:
        evidence = f"{lines['positive']:,} of {lines['n']:,} lines with a negative quantity have a positive amount"
        yield Setting("returns", {"column": quantity.column, "starts_with": "-"}, evidence)


def _share_totals(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> dict[str, ColumnGuess]:
    """The amount shared among the lines of an order, where each of them repeats its total."""
    names = [guess.column for name in ("order_id", "item_id", "amount") if (guess := columns.get(name)) is not None]
    if len(names) < 3 or None in names:
        return columns
    order, item, amount = (examined.rows[str(name)] for name in names)
    counts = count_repeated_amounts(order, item, amount=amount, rows=examined.rows)
    if not counts.are_totals:
        return columns
    evidence = (
        f"the total of the order, shared among its lines: {counts.n_repeated:,} of {counts.n_orders:,} orders of "
        f"several items repeat one amount in each line, {counts.n_totals:,} different ones"
    )
    return columns | {"amount": replace(columns["amount"], shared_within=names[0], evidence=evidence)}


def _is_flag(facts: ColumnFacts) -> bool:
    """Whether numbers only say that something was paid back, not how much."""
    return facts.high == 1 or ("1" in facts.values and set(facts.values) <= {"0", "1"})


def _is_order_total(examined: ExaminedSource, columns: dict[str, ColumnGuess]) -> bool:
    """Whether orders with several different lines repeat one amount in all of them."""
    order, amount, price = columns.get("order_id"), columns["amount"], columns[UNIT_PRICE]
    if amount.column in examined.once_per_order:
        return True
    if order is None:
        return False
    names = {"order": order.column, "amount": amount.column, "price": price.column}
    rows = examined.rows.select(**{name: examined.rows[str(column)] for name, column in names.items()})
    lines = (
        rows.filter(rows.order.notnull())
        .group_by("order")
        .agg(prices=rows.price.nunique(), amounts=rows.amount.nunique())
    )
    lines = lines.filter(lines.prices > 1)
    counts = lines.agg(orders=lines.count(), repeated=(lines.amounts <= 1).sum()).to_pyarrow().to_pylist()[0]
    return counts["orders"] >= 5 and (counts["repeated"] or 0) >= 0.95 * counts["orders"]
