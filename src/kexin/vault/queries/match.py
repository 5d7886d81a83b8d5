"""Search: what a person typed, recognised, gated, looked up by tokens, verified after opening."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.utils.translation import gettext_lazy as _

from kexin.evidence import operations as evidence
from kexin.evidence.types import Entry, Event, Noted
from kexin.foundation.caller import Caller
from kexin.regime.types import Action, BulkPlan, Outcome, Sql, Standing
from kexin.vault import cursor as marks
from kexin.vault import envelopes, quota
from kexin.vault.queries import rows as governed_rows
from kexin.vault.queries.asking import Asking, as_uuid, ask, relation_of
from kexin.vault.queries.filters import checked
from kexin.vault.queries.opening import open_displays, settled, unchanged
from kexin.vault.queries.page import checked_columns, checked_size, name_attributes
from kexin.vault.queries.rows import NOTHING, Columns, Displayed, Raw
from kexin.vault.queries.scope import governed
from kexin.vault.records import FULL
from kexin.vault.search import pinyin
from kexin.vault.search.indexes import PERSON_TYPES
from kexin.vault.search.keyed import tokeniser
from kexin.vault.search.normal import core, searchable
from kexin.vault.search.terms import Form, Part, Term, recognise
from kexin.vault.types_views import OWN_SCOPE_ROWS, PAGE_ROWS, BadCursor, Filter, Page

#: Candidates opened and verified in one round, and rounds in one answer: false positives are few (privacy.md M8).
_CANDIDATES, _ROUNDS = 150, 3

HINT_TAIL = _("只有尾号 4 位找不到人：请在前面加上姓，例如“陈 5678”，或输入客户编号、完整电话。")
HINT_SINGLE = _("单个字只在您负责的客户中查找；输入两个字可以查找全部。")
HINT_SINGLE_MANY = _("您负责的客户超过 2,000 位，请至少输入两个字。")


@dataclass(frozen=True, slots=True)
class Found:
    """Verified rows, what of them is open, and where to go on."""

    rows: tuple[Raw, ...]
    displayed: Displayed
    last: uuid.UUID | None


def match(
    caller: Caller,
    *,
    term: str,
    columns: Iterable[str] = (),
    filters: Iterable[Filter] = (),
    cursor: str | None = None,
    size: int = PAGE_ROWS,
) -> Page:
    """People found by one term: phone, surname + last four, part of a name, pinyin, initials, e-mail, 统一社会信用代码,
    ID number or customer number. Logged with purpose and count; never with the term.

    The action `search` is decided for each attribute that the term looks into: refused ones are left out, and when
    none remains the answer is a refusal that names the rule, whether or not anybody would have been found. Raises
    BadTerm, AttributeRefused, SlowDown (too many searches in the last hour that found nobody).
    """
    asking = ask(caller)
    recognised = recognise(term, asking.attributes)
    asked, narrowed, rows = checked_columns(asking, columns), checked(filters), checked_size(size)
    if recognised.form is Form.TAIL:
        return Page(rows=(), hints=(HINT_TAIL,))
    question = marks.fingerprint("match", recognised.text, asked, [(f.field, f.op, f.value) for f in narrowed])
    after = _after(marks.read(caller, question=question, cursor=cursor)) if cursor else None
    with quota.searching(asking) as place:
        found = settled(lambda: _answer(asking, recognised, asked, narrowed, after, rows, question))
        # A later page of people who were found, and a question that was not asked, are no misses.
        place.found(len(found.rows) if after is None and not _unasked(found) else 1)
    return found


def _unasked(page: Page) -> bool:
    """Nothing was looked up: the hint asks for more."""
    return page.hints == (HINT_SINGLE_MANY,)


def _after(mark: list[Any]) -> uuid.UUID:
    found = as_uuid(mark[0]) if mark else None
    if found is None:
        raise BadCursor(remedy=_("请从第一页重新查询"))
    return found


def _answer(
    asking: Asking,
    term: Term,
    columns: tuple[str, ...],
    filters: tuple[Filter, ...],
    after: uuid.UUID | None,
    size: int,
    question: str,
) -> Page:
    hints: tuple[Any, ...] = ()
    if term.form is Form.SINGLE or _one_syllable(term):
        filters = (*filters, Filter(field="relation", value="own"))
        hints = (HINT_SINGLE,)
    search = Search(asking, term, columns, filters, own=bool(hints))
    if hints and search.too_many():
        return Page(rows=(), hints=(HINT_SINGLE_MANY,))
    found = search.run(after, size)
    held = governed_rows.standings(asking, found.rows)
    shown = governed_rows.finished(
        asking, found.rows, plan=search.plan, columns=columns, displayed=found.displayed, held=held
    )
    mark = marks.make(asking.caller, question=question, after=[str(found.last)]) if found.last else None
    return Page(rows=shown, next_cursor=mark, hints=hints, unavailable=bool(found.displayed.closed))


def _one_syllable(term: Term) -> bool:
    """Whether a Latin term is a single syllable and nothing else: then it is a single character, in sound."""
    return (
        term.form is Form.VALUES
        and not term.exact
        and pinyin.whole(term.text)
        and not any(all(pinyin.whole(piece) for piece in cut) for part in term.parts for cut in part.cuts)
    )


class Search:
    """One search: its gates, its candidates, its verification. Made per request, forgotten with it."""

    def __init__(
        self, asking: Asking, term: Term, columns: tuple[str, ...], filters: tuple[Filter, ...], *, own: bool
    ) -> None:
        self.asking = asking
        self.term = term
        self.own = own
        self._tokeniser = tokeniser(asking.bundle)
        self.plan, self._condition, self._params = governed(asking, action=Action.READ, filters=filters)
        self._gates = self._gate()
        self._columns: Columns = governed_rows.columns_of(asking, self.plan, columns)
        self._candidates = None if own or term.form is Form.NUMBER else self._lookup()

    # --- gates

    def _gate(self) -> dict[str, Sql]:
        """Attribute -> the rows for which it may be searched. Closed attributes are not here; all closed = refused."""
        if self.term.form is Form.NUMBER:
            return {}
        used = name_attributes(self.asking) if self.own else self.term.attributes
        if not used:
            return {}
        plan = self.asking.plan(Action.SEARCH, used, beside=self.plan)
        gates: dict[str, Sql] = {}
        for key in used:
            outcome = Outcome.DENY if plan.empty else plan.columns.get(key, Outcome.DENY)
            if isinstance(outcome, Sql):
                gates[key] = Sql(
                    f"({plan.row.text}) AND ({outcome.text}) <> 'deny'", (*plan.row.params, *outcome.params)
                )
            elif outcome is not Outcome.DENY:
                gates[key] = plan.row
        if not gates:
            self._deny(plan, used)
        return gates

    def _deny(self, plan: BulkPlan, used: Sequence[str]) -> None:
        denial = next((plan.denials[key] for key in used if key in plan.denials), None)
        evidence.note_now(
            self.asking.caller,
            Entry(
                event=Event.ACCESS_DENIED,
                decision="deny",
                action=Action.SEARCH.value,
                rule_ids=denial.rule_ids if denial else (),
                rulebook=self.asking.bundle.sha256,
            ),
        )
        raise self.asking.refusal(used[0], denial)

    # --- candidates

    def _lookup(self) -> Sql:
        """Who carries the tokens: (attribute, subject_id) rows."""
        pieces: list[Sql] = []
        for key in self._gates:
            pieces += self._exact(key)
            pieces += [piece for part in self.term.parts if part.index.attribute == key for piece in self._grams(part)]
        if not pieces:
            return Sql("SELECT NULL::text AS attribute, NULL::uuid AS subject_id WHERE FALSE")
        text = " UNION ".join(piece.text for piece in pieces)
        return Sql(text, tuple(value for piece in pieces for value in piece.params))

    def _exact(self, key: str) -> list[Sql]:
        tokens = [
            t
            for one in self.term.exact
            if one.index.attribute == key
            for t in self._tokeniser.exact(one.index, one.value)
        ]
        return [
            Sql(
                "SELECT %s::text AS attribute, subject_id FROM vault_tokenexact"
                " WHERE index = %s AND gen = %s AND token = %s",
                (key, *token),
            )
            for token in tokens
        ]

    def _grams(self, part: Part) -> list[Sql]:
        pieces: dict[tuple[int, tuple[int, ...]], Sql] = {}
        for gen, hasher in self._tokeniser.grams(part.index):
            wanted = [hasher.of_cut(cut) for cut in part.cuts]
            if part.text:
                wanted.append(hasher.of_part(part.text, organisation=part.index.organisation))
            for tokens in wanted:
                if tokens:
                    pieces[gen, tokens] = Sql(
                        "SELECT %s::text AS attribute, subject_id FROM vault_tokengram"
                        " WHERE tokens @> %s::integer[] AND index = %s AND gen = %s",
                        (part.index.attribute, list(tokens), part.index.name, gen),
                    )
        return list(pieces.values())

    def _query(self) -> tuple[Sql, Sql]:
        """WITH clause and condition."""
        condition, params = self._condition, self._params
        if self.term.form is Form.NUMBER:
            return NOTHING, Sql(f"{condition} AND s.number = %s", (*params, self.term.number))
        if self._candidates is None:
            gate = " OR ".join(f"({one.text})" for one in self._gates.values()) or "FALSE"
            values = tuple(value for one in self._gates.values() for value in one.params)
            return NOTHING, Sql(f"{condition} AND ({gate})", (*params, *values))
        gate = " OR ".join(f"(found.attribute = %s AND ({one.text}))" for one in self._gates.values()) or "FALSE"
        values = tuple(value for key, one in self._gates.items() for value in (key, *one.params))
        before = Sql(f"WITH found AS MATERIALIZED ({self._candidates.text})", self._candidates.params)
        found = (
            f"{condition} AND EXISTS (SELECT 1 FROM found WHERE found.subject_id = s.id AND ({gate}))"
            " AND s.id = ANY (ARRAY(SELECT found.subject_id FROM found))"
        )
        return before, Sql(found, (*params, *values))

    def too_many(self) -> bool:
        """Whether one's own customers are more than a request may open."""
        before, condition = self._query()
        raws = governed_rows.select(Columns({}, {}), before=before, condition=condition, limit=OWN_SCOPE_ROWS + 1)
        return len(raws) > OWN_SCOPE_ROWS

    # --- rounds

    def run(self, after: uuid.UUID | None, size: int) -> Found:
        """Candidates, opened, verified, newest first, until a page is full or nobody is left."""
        kept: list[Raw] = []
        values: dict[uuid.UUID, Mapping[str, Any]] = {}
        closed: frozenset[uuid.UUID] = frozenset()
        limit = OWN_SCOPE_ROWS if self.own else _CANDIDATES
        for _round in range(_ROUNDS):
            raws = self._candidates_after(after, limit)
            held = governed_rows.standings(self.asking, raws)
            noted = self._note(raws, held)
            displayed = open_displays(self.asking, raws, held)
            right = self._verified(raws, held, displayed, noted)
            values.update(displayed.values)
            closed |= displayed.closed
            for row in right:
                if len(kept) == size:
                    return Found(tuple(kept), Displayed(values, closed), kept[-1].id)
                kept.append(row)
            if len(raws) < limit:
                return Found(tuple(kept), Displayed(values, closed), None)
            after = raws[-1].id
        return Found(tuple(kept), Displayed(values, closed), after)

    def _candidates_after(self, after: uuid.UUID | None, limit: int) -> list[Raw]:
        before, condition = self._query()
        if after:
            condition = Sql(f"{condition.text} AND s.id < %s", (*condition.params, after))
        return governed_rows.select(
            self._columns, before=before, condition=condition, order=Sql("s.id DESC"), limit=limit
        )

    def _note(self, raws: Sequence[Raw], held: Mapping[uuid.UUID, Standing]) -> Noted:
        """The line of this round, committed before anything is opened: purpose and how many, never the term."""
        relations = [relation_of(standing.grants) for standing in held.values()]
        return governed_rows.note_opened(
            self.asking,
            Event.CUSTOMER_SEARCHED,
            raws,
            relations=relations,
            rule_ids=self.plan.rule_ids,
            opens=len(raws) * len(self._sealed_grades()),
        )

    # --- verification

    def _sealed_grades(self) -> tuple[int, ...]:
        """Grades above the display envelope that verifying this term must open: none where what is compared is shown
        in full, and none for exact tokens, which need no verification."""
        parts = {part.index.attribute for part in self.term.parts if part.index.attribute in self._gates}
        hidden = {key for key in parts if self.asking.attributes[key].display != "full"}
        return tuple(sorted({self.asking.attributes[key].grade for key in hidden}))

    def _verified(
        self, raws: Sequence[Raw], held: Mapping[uuid.UUID, Standing], displayed: Displayed, noted: Noted
    ) -> list[Raw]:
        if self.term.form is Form.NUMBER or not raws:
            return list(raws)
        if displayed.closed:
            return list(raws) if not self.own else []
        exact = frozenset[uuid.UUID]()
        if self.term.exact and not self.own:
            looked_into = any(part.index.attribute in self._gates for part in self.term.parts)
            exact = self._exactly_found(raws) if looked_into else frozenset(row.id for row in raws)
        hidden = self._hidden_values([row for row in raws if row.id not in exact], held, noted)
        right = []
        for row in raws:
            shown = displayed.values.get(row.id, {})
            values = {key: text for key, (mark, text) in shown.items() if mark == FULL} | hidden.get(row.id, {})
            if (row.id in exact and self._named(values)) or self._reads(values):
                right.append(row)
        return right

    def _exactly_found(self, raws: Sequence[Raw]) -> frozenset[uuid.UUID]:
        """Candidates that an exact token found: 128 bits leave no strangers to remove."""
        pieces = [piece for key in self._gates for piece in self._exact(key)]
        if not pieces:
            return frozenset()
        text = " UNION ".join(piece.text for piece in pieces)
        params = tuple(value for piece in pieces for value in piece.params)
        with connections["default"].cursor() as cursor:
            cursor.execute(
                f"SELECT subject_id FROM ({text}) AS found WHERE subject_id = ANY(%s::uuid[])",
                (*params, [row.id for row in raws]),
            )
            return frozenset(row[0] for row in cursor.fetchall())

    def _hidden_values(
        self, raws: Sequence[Raw], held: Mapping[uuid.UUID, Standing], noted: Noted
    ) -> dict[uuid.UUID, dict[str, Any]]:
        grades = self._sealed_grades()
        if not grades:
            return {}
        loaded = unchanged(self.asking, raws, held, entity=envelopes.IDENTITY, grades=grades)
        opened = envelopes.open_all(loaded, noted=noted)
        merged: dict[uuid.UUID, dict[str, Any]] = {}
        for record, values in opened.items():
            merged.setdefault(record[0], {}).update(values)
        return merged

    def _named(self, values: Mapping[str, Any]) -> bool:
        """陈雨桐5678: beside surname and tail the name typed must be part of the name."""
        if not self.term.name:
            return True
        return any(self.term.name in text for _key, text in self._names(values))

    def _names(self, values: Mapping[str, Any]) -> list[tuple[str, str]]:
        found = [(key, searchable(str(values[key]))) for key in name_attributes(self.asking) if values.get(key)]
        return [(key, text) for key, text in found if text]

    def _reads(self, values: Mapping[str, Any]) -> bool:
        """Whether the opened values hold what was typed, in an attribute that may be searched."""
        if self.own:
            return any(self._reads_single(key, text) for key, text in self._names(values) if key in self._gates)
        return any(
            self._holds(part, searchable(str(values[part.index.attribute])))
            for part in self.term.parts
            if part.index.attribute in self._gates and values.get(part.index.attribute)
        )

    def _reads_single(self, key: str, text: str) -> bool:
        person = self.asking.attributes[key].type in PERSON_TYPES
        return self.term.text in text or pinyin.matches(pinyin.syllables(text, person=person), (self.term.text,))

    @staticmethod
    def _holds(part: Part, text: str) -> bool:
        if part.text and (part.text in text or (part.index.organisation and core(part.text) in text)):
            return True
        if not part.cuts:
            return False
        spoken = pinyin.syllables(text, person=part.index.person)
        return any(pinyin.matches(spoken, cut) for cut in part.cuts)
