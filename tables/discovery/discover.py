"""From files to a proposal: examines every source and gives each table of the contract the source that fits best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from core.errors import BadInput
from tables.contract import CONTRACT
from tables.discovery.account_ids import choose_persons_or_accounts
from tables.discovery.business import choose_churn, choose_currency, choose_name, choose_zone
from tables.discovery.consents import derive_consents, describe_boxes
from tables.discovery.cross_section import propose_cross_section
from tables.discovery.customer_keys import find_people, find_shared_key
from tables.discovery.event_purchases import find_purchases_of_events
from tables.discovery.examination import add_alike, examine
from tables.discovery.guesses import ColumnGuess, ExaminedSource, TableGuess
from tables.discovery.id_widths import fill_leading_zeros, merge_widths
from tables.discovery.inputs import Inputs
from tables.discovery.keys import compare_ids, describe_ids, describe_overlap, find_aliases, ids_of
from tables.discovery.languages import language_of
from tables.discovery.lookups import join_orders
from tables.discovery.meeting_ids import meet_subscriptions
from tables.discovery.order_lines import describe_discounts, describe_refunds
from tables.discovery.proposal import Ask, Proposal, Question, Setting
from tables.discovery.recognition import recognise
from tables.discovery.reconcile import reconcile_files
from tables.discovery.renewals import drop_renewals_of_export
from tables.discovery.row_settings import describe_statuses
from tables.discovery.sections import attribute_columns, attributes_of, derive_tables, describe_table
from tables.discovery.segments import standard_segments
from tables.discovery.snapshots import prefer_purchases
from tables.discovery.surveys import choose_survey
from tables.discovery.tax import choose_tax
from tables.discovery.unrecognised import describe_nothing_found, describe_unused
from tables.engines.databases import connect_in_memory

BY_WAY = "leads to a customer by way of"
CLOSE = 1.0
"Two tables whose scores differ by less fit equally well."


def propose(arguments: Sequence[str], inputs: Inputs, *, ask: Ask, today: date, local_zone: str | None) -> Proposal:
    """The data set in these sources. Raises BadInput where no table of the contract is in them."""
    engine = connect_in_memory()
    described = [reconcile_files(engine, one, ask=ask, today=today) for one in inputs.sources]
    examined = [examine(engine, source, today=today) for source in described]
    sources = [source for source in examined if source.n_rows]
    empty = [f"{source.source.label} has a header but no rows" for source in examined if not source.n_rows]
    if not sources:
        raise BadInput(empty[0])
    sources, unjoined = join_orders(add_alike(engine, sources, ask=ask, today=today), today=today)
    guesses, notes = _assign(sources, ask)
    checked = [drop_renewals_of_export(guess) for guess in guesses]
    guesses, notes = [guess for guess, _ in checked], [*notes, *(note for _, note in checked if note)]
    purchases = find_purchases_of_events(guesses)
    guesses += [purchases] if purchases else []
    names = [name for source in sources for name in source.columns]
    language = language_of(names)
    name = Setting("name", choose_name(arguments))
    if not any(_shows_activity(guess) for guess in guesses):
        cross_section = propose_cross_section(sources, ask, name=name, language=language, local=local_zone, today=today)
        if cross_section is not None:
            return cross_section
        raise BadInput(describe_nothing_found(sources))
    if not any("customer_id" in guess.columns for guess in guesses if CONTRACT[guess.table].proves_activity):
        raise BadInput(f"{guesses[0].examined.source.label}: no column says which customer a row belongs to")
    guesses, dropped, customer = choose_persons_or_accounts(guesses, sources, today=today)
    lookups = [lookup for guess in guesses if (lookup := guess.examined.source.settings.lookup)]
    notes = [note for note in notes if not note.startswith(tuple(f"{one.label}: not used" for one in lookups))]
    guesses = meet_subscriptions(fill_leading_zeros(merge_widths(guesses, ask)))
    currency = choose_currency(guesses, ask, language=language)
    zone = choose_zone(guesses, ask, language=language, currency=str(currency.value), local=local_zone)
    churn = choose_churn(guesses, ask, today=today)
    guesses, scales = choose_survey(guesses)
    guesses = [*guesses, *derive_tables(guesses), *derive_consents(guesses, ask)]
    return Proposal(
        head=(name, zone, currency, *customer, churn.active_days, *_duplicates(guesses, ask), *scales),
        churn=churn.churn,
        money=choose_tax(guesses, ask, currency=str(currency.value), language=language),
        tables=tuple(
            describe_table(
                guess,
                ask,
                currency=str(currency.value),
                zone=str(zone.value),
                read_elsewhere=_read_elsewhere(guess, guesses),
            )
            for guess in guesses
        ),
        segments=standard_segments({guess.table: guess for guess in guesses}, churn=churn.churn, language=language),
        attributes={guess.table: names for guess in guesses if (names := attributes_of(guess))},
        notes=(
            *_amount_notes(guesses),
            *_bad_line_notes(examined),
            *inputs.skipped,
            *empty,
            *unjoined,
            *notes,
            *dropped,
            *describe_boxes(guesses),
            *(
                note
                for guess in guesses
                for describe in (describe_statuses, describe_discounts, describe_refunds)
                for note in describe(guess)
            ),
            *_id_notes(guesses, are_accounts=bool(customer)),
        ),
    )


def _shows_activity(guess: TableGuess) -> bool:
    """Whether a table says who was a customer when."""
    return CONTRACT[guess.table].proves_activity or guess.table == "subscriptions"


def _read_elsewhere(guess: TableGuess, guesses: Sequence[TableGuess]) -> frozenset[str]:
    """The columns of a table's source that other tables read."""
    others = [one for one in guesses if one is not guess and one.examined is guess.examined]
    columns = {source for one in others for column in one.columns.values() for source in column.sources}
    return frozenset(columns | {facts.name for one in others for facts in dict(attribute_columns(one)).values()})


def _assign(sources: Sequence[ExaminedSource], ask: Ask) -> tuple[list[TableGuess], list[str]]:
    """One source for each table, the best first; what is left over is a note."""
    key = find_shared_key(sources)
    options = prefer_purchases({source.source.label: recognise(source, key) for source in sources})
    chosen = _choose(options, ask)
    if not any(_shows_activity(guess) for guess in chosen):
        # Ratings of items look like a survey; where nothing else shows who came, they do.
        options = {
            label: [one for one in guesses if _shows_activity(one)] or guesses for label, guesses in options.items()
        }
        chosen = _choose(options, ask)
    people = find_people(chosen)
    chosen += [people] if people else []
    aliases = find_aliases(chosen, sources)
    sentences = {name: f"its {name} {BY_WAY} {guess.examined.source.label}" for name, guess in aliases.items()}
    if sentences:
        left = [source for source in sources if not options[source.source.label]]
        more = {source.source.label: recognise(source, sentences) for source in left}
        chosen += _choose(more, ask, taken={guess.table for guess in chosen})
        chosen += [
            _identities(name, guess)
            for name, guess in aliases.items()
            if any(
                column.column == name and column.evidence == sentences[name]
                for one in chosen
                for column in one.columns.values()
            )
        ]
    used = {guess.examined.source.label for guess in chosen}
    notes = [
        describe_unused(source, options[source.source.label]) for source in sources if source.source.label not in used
    ]
    return sorted(chosen, key=lambda guess: list(CONTRACT).index(guess.table)), notes


def _choose(options: dict[str, list[TableGuess]], ask: Ask, *, taken: Iterable[str] = ()) -> list[TableGuess]:
    """The best source of each table; a source whose best table is taken gets none."""
    chosen: dict[str, TableGuess] = {}
    for label, guesses in options.items():
        for guess in guesses if guesses and guesses[0].profile else [_ask_table(label, guesses, ask=ask)]:
            if guess is None or guess.table in taken:
                continue
            rival = chosen.get(guess.table)
            if rival is None or (guess.score, guess.examined.n_rows) > (rival.score, rival.examined.n_rows):
                chosen[guess.table] = guess
    return [_ask_columns(guess, ask) for guess in chosen.values()]


def _ask_table(label: str, guesses: list[TableGuess], *, ask: Ask) -> TableGuess | None:
    """The table that a source is; asks where two fit equally well."""
    if not guesses:
        return None
    close = [guess for guess in guesses if guesses[0].score - guess.score < CLOSE]
    if len(close) == 1:
        return guesses[0]
    names = tuple(guess.table for guess in close)
    if (question := guesses[0].question) is not None and set(question.options) <= set(names):
        answer = ask(question)
        return next(guess for guess in close if guess.table == answer)
    answer = ask(Question(f"{label}: which table is it?", names, names[0], "the first of those that fit equally well"))
    return next(guess for guess in close if guess.table == answer)


def _ask_columns(guess: TableGuess, ask: Ask) -> TableGuess:
    """Ask which column is which where several fit equally well."""
    columns = dict(guess.columns)
    for name, candidates in guess.choices.items():
        question = Question(
            f"{guess.examined.source.label}: which column is {name} of {guess.table}?",
            candidates,
            candidates[0],
            "the one with the most different values",
        )
        answer = ask(question)
        if answer != candidates[0]:
            columns[name] = ColumnGuess(column=answer, evidence="your answer")
    return replace(guess, columns=columns)


def _identities(name: str, guess: TableGuess) -> TableGuess:
    """The aliases through which a table without customers finds them."""
    customer = guess.columns["customer_id"]
    columns = {
        "alias_id": ColumnGuess(column=name, evidence="ids by which other files name a customer"),
        "customer_id": customer,
    }
    return replace(guess, table="identities", columns=columns, choices={})


def _duplicates(guesses: Sequence[TableGuess], ask: Ask) -> Iterator[Setting]:
    """What to do with lines of purchases that are equal in every column."""
    purchases = next((guess for guess in guesses if guess.table == "purchases"), None)
    if purchases is None or "line_id" in purchases.columns:
        return
    rows = purchases.examined.rows
    repeated = purchases.examined.n_rows - int(rows.distinct().count().to_pyarrow().as_py())
    if not repeated:
        return
    share = f"{repeated:,} of {purchases.examined.n_rows:,} lines repeat another in every column"
    default, why = _default_for_duplicates(purchases)
    label = purchases.examined.source.label
    answer = ask(Question(f"{label}: {share}; keep or drop them?", ("keep", "drop"), default, why))
    yield Setting("duplicate_rows", answer, f"{share}; {why if answer == default else 'your answer'}")


def _default_for_duplicates(purchases: TableGuess) -> tuple[str, str]:
    """Lines are dropped where order and item would identify a line but for the repeated ones."""
    if len(purchases.examined.source.files) > 1:
        return "drop", "the files may overlap"
    keys = [facts.name for name in ("order_id", "item_id") if (facts := purchases.facts(name))]
    rows = purchases.examined.rows.distinct()
    if "order_id" in purchases.columns:
        counts = (rows.count(), rows.select(keys).distinct().count())
        n_lines, n_keys = (int(count.to_pyarrow().as_py()) for count in counts)
        if n_keys >= 0.999 * n_lines:
            return "drop", f"apart from them, {' and '.join(keys)} identify a line"
    return "keep", "a customer can buy a thing twice"


def _bad_line_notes(sources: Sequence[ExaminedSource]) -> Iterator[str]:
    """Which files have lines that are left out."""
    for one in sources:
        if "bad_lines" in one.source.evidence:
            yield f'{one.source.label}: {one.source.evidence["bad_lines"]}; bad_lines = "skip" leaves them out'


def _amount_notes(guesses: Sequence[TableGuess]) -> Iterator[str]:
    """That purchases have no amounts, and what follows."""
    for guess in guesses:
        if guess.table == "purchases" and "amount" not in guess.columns:
            label = guess.examined.source.label
            yield f"{label}: no column has amounts, so there are recommendations, but no figures and features of money"


def _id_notes(guesses: Sequence[TableGuess], *, are_accounts: bool) -> Iterator[str]:
    """What is wrong with ids: lost digits, and tables whose customers do not meet. Rows may name accounts that are."""
    for guess in guesses:
        facts = guess.facts("customer_id")
        if facts is not None and facts.n_scientific:
            yield f"{guess.examined.source.label}, {facts.name}: {next(describe_ids(facts))}"
    customers = next((guess for guess in guesses if guess.table == "customers"), None)
    key = customers.facts("customer_id") if customers else None
    if customers is None or key is None:
        return
    customer_ids = ids_of(customers.examined, key.name)
    if are_accounts and (account := customers.facts("account_id")):
        customer_ids |= ids_of(customers.examined, account.name)
    for guess in guesses:
        facts = guess.facts("customer_id")
        is_alias = BY_WAY in guess.columns["customer_id"].evidence if facts else False
        if guess.table in ("customers", "identities") or facts is None or is_alias:
            continue
        if guess.examined is customers.examined:
            continue
        overlap = compare_ids(ids_of(guess.examined, facts.name), customer_ids)
        if overlap.n_shared < 0.5 * overlap.n_ids:
            widths = (guess.columns["customer_id"].id_width, customers.columns["customer_id"].id_width)
            is_filled = any(width is not None for width in widths)
            yield describe_overlap(overlap, of=guess.table, others="customers", is_filled=is_filled)
