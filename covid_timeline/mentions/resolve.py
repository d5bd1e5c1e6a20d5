"""Which days partial dates are: one pass over the partials of a text, against an anchor.

What a partial leaves open is taken from the anchor or from what the text has said before. The pass keeps these things,
and each has one rule for what changes it and one for who asks:

| kept | changed by | asked by |
|---|---|---|
| `day`, the last day named; behind 以来 the as-of day of the line or the anchor | every day or stated range of days; not by weeks, 近三天, holidays, 目前 | days without a month; 次日; 两天后; times apart from their day |
| `told`, the day the text tells of | as `day`, but not by limits and starts to come (前, 起, 延至, days after the anchor) | 当天, 当晚, 同日, 此时 |
| `as_of`, the last 截至 or reported period | 截至…, 0—24时 of a day | 目前, 至今 in the same line |
| `explicit`, the last day with a year | days with a year | the year of a month and day in the same line |
| `month` | months without a day | days within 15 characters of it; 当月 in the same sentence |
| `period` | whatever lasts more than a day | 同期 in the same line |
| `lunar` | lunar days | 初三 in the same line |

A day that an as-of midnight names (截至3月7日0时) is the end of the day before: 当日 after it is that day before.
A year is the one that brings month and day nearest to `explicit` of the same line, else to the anchor; what the text
looks forward to (延至, …前, 将于) lies ahead. A range whose ends do not follow each other is two dates.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from covid_timeline.mentions import lunar
from covid_timeline.mentions.dates import DatePartial, Point, edges, find_dates, parse_partial
from covid_timeline.model import DateMention, Unclaimed

__all__ = ["parse_date", "read_dates", "resolve_dates"]

_DAY: Final = dt.timedelta(days=1)
_NEVER: Final = -(10**9)
_SENTENCE_ENDS: Final = "。！？!?\n"


@lru_cache(maxsize=4096)
def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def nearest_year(near: dt.date, month: int, day: int) -> dt.date | None:
    """The date with this month and day that lies nearest to `near` (29 February: in the nearest leap year).

    >>> nearest_year(dt.date(2020, 1, 5), 12, 31)
    datetime.date(2019, 12, 31)
    """
    reach = 1 if (month, day) != (2, 29) else 8
    dates = [found for year in range(near.year - reach, near.year + reach + 1) if (found := _date(year, month, day))]
    return min(dates, key=lambda found: abs(found - near)) if dates else None


def _add_months(year: int, month: int, n: int) -> tuple[int, int]:
    index = year * 12 + month - 1 + n
    return index // 12, index % 12 + 1


@lru_cache(maxsize=1024)
def _month(year: int, month: int, part: str = "") -> tuple[dt.date, dt.date]:
    """First and last day of a month or of its part: "11-20", "21-0" (to its end), "w2" (its second week)."""
    last = (dt.date(*_add_months(year, month, 1), 1) - _DAY).day
    if not part:
        return dt.date(year, month, 1), dt.date(year, month, last)
    if part[0] == "w":
        week = int(part[1:])
        return dt.date(year, month, 7 * week - 6), dt.date(year, month, min(7 * week, last))
    start, _, stop = part.partition("-")
    return dt.date(year, month, int(start)), dt.date(year, month, int(stop) or last)


_YEAR_PARTS: Final = {"h1": (1, 6, "range"), "h2": (7, 12, "range"), "early": (1, 1, "month"), "late": (12, 12, "month"), "": (1, 12, "year")}


def _year_part(part: str) -> tuple[int, int, str]:
    """First and last month of a part of a year, and its precision: q2, u3 (to the third quarter), m2 (two months), h1 …"""
    if part in _YEAR_PARTS:
        return _YEAR_PARTS[part]
    number = int(part[1:])
    if part[0] == "m":
        return 1, number, "range"
    return (3 * number - 2, 3 * number, "quarter") if part[0] == "q" else (1, 3 * number, "range")


class _Unresolved(Exception):
    """A partial that states what cannot be: the reason is for the refused, "" where it is simply no date."""


_Days = tuple[dt.date, dt.date, str, str]  # first, last, precision without the time, basis


class _Resolver:
    __slots__ = (
        "anchor", "as_of", "as_of_at", "day", "day_at", "explicit", "explicit_at", "found", "line_end",
        "line_start", "lunar_at", "month", "month_at", "now_at", "partial", "period", "period_at", "strict", "text", "told", "told_at",
    )  # fmt: skip

    def __init__(self, text: str, anchor: dt.date, *, strict: bool = False) -> None:
        self.text = text
        self.anchor = anchor
        self.strict = strict
        self.found: list[DateMention] = []
        self.line_start = 0
        self.line_end = -1
        start = 0 if strict else _NEVER
        self.day, self.day_at = anchor, start
        self.told, self.told_at = anchor, start
        self.as_of, self.as_of_at = anchor, _NEVER
        self.explicit, self.explicit_at = anchor, _NEVER
        self.period, self.period_at = (anchor, anchor, "day"), _NEVER
        self.month, self.month_at = anchor, _NEVER
        self.lunar_at = _NEVER
        self.now_at = _NEVER
        self.partial: DatePartial | None = None

    def run(self, partials: Sequence[DatePartial], refused: list[Unclaimed] | None) -> None:
        for partial in partials:
            try:
                self.resolve(partial)
            except _Unresolved as fault:
                if refused is not None and str(fault):
                    refused.append(Unclaimed(partial.start, partial.end, str(fault)))
            except (ValueError, OverflowError):  # at the edges of the calendar
                if refused is not None:
                    refused.append(Unclaimed(partial.start, partial.end, "outside the calendar"))

    def resolve(self, partial: DatePartial) -> None:
        """Add the mention, or the two mentions, that a partial is."""
        last = partial.last
        if partial.needs and not self.strict and not self._has(partial):
            if last is not None:
                self._alone(last)
            return
        if last is None:
            self._add(partial, *self._point(partial.first, partial))
            return
        days = self._range(partial, partial.first, last)
        if days is not None:
            self._add(partial, *days)
            return
        self._alone(partial.first)
        self._alone(last)

    def _alone(self, point: Point) -> None:
        """One end of a range that is none, as a date of its own."""
        if point.kind == "time" and self.text[point.start - 1 : point.start] in "至到-—～~":
            return
        lead, tail = edges(self.text, point.start, point.end)
        needs = "day" if point.kind == "time" else ""
        partial = DatePartial(point.start, point.end, point, None, lead, tail, False, False, point.kind == "now", False, needs, point.rule)
        if point.start < point.end and not (needs and not self._has(partial)):
            self._add(partial, *self._point(point, partial))

    # -- what the text has said before --

    def _line(self, at: int) -> int:
        """Start of the line that holds `at`; calls must not go back."""
        while self.line_end < at:
            if self.line_end >= 0:
                self.line_start = self.line_end + 1
            end = self.text.find("\n", self.line_start)
            self.line_end = len(self.text) if end < 0 else end
        return self.line_start

    def _has(self, partial: DatePartial) -> bool:
        """Whether the text before gives what a partial needs."""
        need, _, reach = partial.needs.partition("_")
        start = partial.start
        if need == "lunar":
            return start - self.lunar_at <= int(reach) if reach else self.lunar_at >= self._line(start)
        if need == "first":  # 目前…现已…: said already
            return not self._same_sentence(self.now_at, start)
        if reach:
            return start - self.day_at <= int(reach)
        gap = start - self.day_at
        if gap > 150:
            return False
        between = self.text[self.day_at : start]
        return sum(between.count(sign) for sign in _SENTENCE_ENDS) <= 1

    def _same_sentence(self, before: int, start: int) -> bool:
        return start - before <= 150 and not any(sign in self.text[before:start] for sign in _SENTENCE_ENDS)

    def _near(self, start: int) -> dt.date:
        """The date that years are counted from."""
        return self.explicit if self.explicit_at >= self._line(start) else self.anchor

    # -- the days of one end --

    def _point(self, point: Point, partial: DatePartial) -> _Days:
        return _KINDS[point.kind](self, point, partial)

    def _day(self, point: Point, partial: DatePartial) -> _Days:
        year, month, day, unit = point.year, point.month, point.day, point.unit
        if unit == "day":
            found: dt.date | None = self.anchor + point.shift * _DAY
            if day is not None and found is not None and found.day != day:  # 今(31)日: the figure holds
                near = [one for n in (0, -1, 1) if (one := _date(*_add_months(found.year, found.month, n), day))]
                found = min(near, key=lambda one: abs(one - self.anchor)) if near else found
            basis = "relative"
        elif unit == "month":
            found, basis = _date(*_add_months(self.anchor.year, self.anchor.month, point.shift), day or 1), "relative"
        elif unit == "year":
            found, basis = _date(self.anchor.year + point.shift, month or 1, day or 1), "relative"
        elif year is not None:
            found, basis = _date(year, month or 1, day or 1), "explicit"
        elif month is not None:
            found, basis = self._with_year(point.start, month, day or 1, self._ahead(partial)), "inferred_year"
        else:
            found, basis = self._with_month(point.start, day or 1, partial), "partial"
        if found is None:
            raise _Unresolved("impossible date")
        return found, found, "", basis

    def _ahead(self, partial: DatePartial) -> bool:
        return partial.lead == "ahead" or (partial.tail == "by" and partial.lead != "as_of")

    def _with_year(self, start: int, month: int, day: int, ahead: bool) -> dt.date | None:
        near = self._near(start)
        found = nearest_year(near, month, day)
        if found is not None and ahead and (near - found).days > 60:
            return _date(found.year + 1, month, day) or found
        return found

    def _with_month(self, start: int, day: int, partial: DatePartial) -> dt.date | None:
        """A day alone: nearest to the last day named, but rather before the anchor than after it."""
        if self.month_at > self.day_at and start - self.month_at <= 15:
            found = _date(self.month.year, self.month.month, day)
            if found is not None:
                return found
        near = self.day if start - self.day_at < 400 else self.anchor
        if partial.lead == "ahead" and near >= self.anchor - 7 * _DAY:
            for shift in (0, 1, 2):  # 将于5日: the next 5th, or one that is just past
                found = _date(*_add_months(self.anchor.year, self.anchor.month, shift), day)
                if found is not None and found >= self.anchor - 5 * _DAY:
                    return found
        ahead = partial.tail in ("from", "by") or partial.lead == "ahead"
        rises = self.text[start - 1 : start] in ("到", "至") and start - self.day_at < _NEXT_END and (
            _FROM_A_DAY.search(self.text, max(0, self.day_at - _IN_BRACKET), start) is not None
        )
        best: dt.date | None = None
        best_cost = 1000
        for shift in (0, -1, 1, -2):
            found = _date(*_add_months(near.year, near.month, shift), day)
            if found is None:
                continue
            cost = abs((found - near).days)
            if found < near and rises:
                cost += 25  # 由1月31日的1.8%提高到23日的33.1%
            if found > self.anchor and found > near and not ahead:
                cost += 25
            if cost < best_cost:
                best, best_cost = found, cost
        return best

    def _month_of(self, point: Point, partial: DatePartial) -> _Days:
        year, month, unit = point.year, point.month, point.unit
        basis = "relative"
        if unit == "carried":
            near = self.told if point.start - self.told_at < 400 else self.anchor
            if self.month_at > self.day_at and self._same_sentence(self.month_at, point.start):
                near = self.month  # 2月新增10例，当月治愈
            year, month, basis = near.year, near.month, "carried"
        elif unit == "month":
            year, month = _add_months(self.anchor.year, self.anchor.month, point.shift)
        elif unit == "year":
            year = self.anchor.year + point.shift
        elif year is not None:
            basis = "explicit"
        elif month is not None:
            basis = "inferred_year"
            middle = self._with_year(point.start, month, 15, self._ahead(partial))
            year = self.anchor.year if middle is None else middle.year
        if year is None or month is None:
            raise _Unresolved("")
        first, last = _month(year, month, point.part)
        return first, last, "month" if not point.part else "range" if point.part[0] == "w" else "ten_days", basis

    def _year_of(self, point: Point, partial: DatePartial) -> _Days:
        unit = point.unit
        first, last, precision = _year_part(point.part if unit != "quarter" else "")
        if unit == "quarter":
            quarter = (self.anchor.month - 1) // 3 + point.shift
            year = self.anchor.year + quarter // 4
            first, last, precision, basis = 3 * (quarter % 4) + 1, 3 * (quarter % 4) + 3, "quarter", "relative"
        elif unit == "year":
            year, basis = self.anchor.year + point.shift, "relative"
        elif point.year is not None:
            year, basis = point.year, "explicit"
        elif point.part[0] == "h":
            year, basis = self.anchor.year, "inferred_year"
        elif point.part[0] == "m":
            year, basis = self.anchor.year - (last > self.anchor.month), "inferred_year"
        else:
            middle = nearest_year(self._near(point.start), last - 1, 15)
            year, basis = self.anchor.year if middle is None else middle.year, "inferred_year"
        return _month(year, first)[0], _month(year, last)[1], precision, basis

    def _time_of(self, point: Point, partial: DatePartial) -> _Days:
        day = self.day if self.day_at > _NEVER else self.anchor
        return day, day, "", "partial"

    def _weekday(self, point: Point, partial: DatePartial) -> _Days:
        number = point.day or 0
        anchor = self.anchor
        if point.unit:
            day = anchor + (7 * point.shift + number - anchor.weekday()) * _DAY
        elif self.day_at >= 0 and point.start - self.day_at <= 2 and self.day.weekday() == number:
            day = self.day
        elif "ahead" in (partial.lead, partial.tail):
            day = anchor + ((number - anchor.weekday()) % 7) * _DAY
        else:
            day = anchor - ((anchor.weekday() - number) % 7) * _DAY
        return day, day, "", "relative"

    def _week(self, point: Point, partial: DatePartial) -> _Days:
        monday = self.anchor + (7 * point.shift - self.anchor.weekday()) * _DAY
        return (monday + 5 * _DAY if point.part else monday), monday + 6 * _DAY, "range", "relative"

    def _span(self, point: Point, partial: DatePartial) -> _Days:
        return self.anchor + point.shift * _DAY, self.anchor + (point.day or 0) * _DAY, "range", "relative"

    def _now(self, point: Point, partial: DatePartial) -> _Days:
        self.now_at = point.end
        day = self.as_of if not point.shift and self.as_of_at >= self._line(point.start) else self.anchor
        return day, day, "day", "relative"

    def _carried(self, point: Point, partial: DatePartial) -> _Days:
        day = self.told
        if self.as_of_at >= self._line(point.start) and self.found and self.found[-1].rule == "now" and self._same_sentence(self.found[-1].end, point.start):
            day = self.as_of  # 截至X…目前…，当日解除
        return day, day, "", "carried"

    def _step(self, point: Point, partial: DatePartial) -> _Days:
        day = self.day + point.shift * _DAY
        return day, day, "", "relative"

    def _later(self, point: Point, partial: DatePartial) -> _Days:
        base = self.day
        if point.shift < 0 and not self.strict and not self._same_sentence(self.day_at, point.start):
            base = self.anchor  # told from the day of writing
        if point.unit == "month":
            year, month = _add_months(base.year, base.month, point.shift)
            day = dt.date(year, month, min(base.day, _month(year, month)[1].day))
        else:
            day = base + point.shift * _DAY
        return day, day, "", "relative"

    def _following(self, point: Point, partial: DatePartial) -> _Days:
        return self.day + _DAY, self.day + (point.day or 1) * _DAY, "range", "relative"

    def _nearest_of(self, dates: Callable[[int], dt.date], year: int | None, fault: str) -> dt.date:
        """The date of a year, or of the year that brings it nearest to the anchor."""
        found = []
        for one in (year,) if year is not None else range(self.anchor.year - 1, self.anchor.year + 2):
            try:
                found.append(dates(one))
            except ValueError:
                continue
        if not found:
            raise _Unresolved(fault)
        return min(found, key=lambda day: abs(day - self.anchor))

    def _festival(self, point: Point, partial: DatePartial) -> _Days:
        day = self._nearest_of(lunar.FESTIVALS[point.name], point.year, "lunar date outside the tables")
        day += point.shift * _DAY
        return day, day, "", "festival"

    def _holiday(self, point: Point, partial: DatePartial) -> _Days:
        name, _, how = point.name.partition(" ")
        year = self.anchor.year + point.shift if point.unit else point.year
        try:
            if how == "season":
                first, last = lunar.travel_season(year or self.anchor.year)
            else:
                day = self._nearest_of(lunar.FESTIVALS[name], year, "holiday outside the tables")
                first, last = lunar.holiday(day.year, name, extended=how != "plan")
        except KeyError as error:
            raise _Unresolved("holiday outside the tables") from error
        if how == "after":
            first, last = last + _DAY, max(last + _DAY, self.anchor)
        return first, last, "range", "festival"

    def _term(self, point: Point, partial: DatePartial) -> _Days:
        day = self._nearest_of(lambda year: lunar.solar_term(year, point.name), None, "solar term outside the tables")
        return day, day, "", "festival"

    def _lunar(self, point: Point, partial: DatePartial) -> _Days:
        month, number = point.month or 1, point.day or 0
        fault = "lunar date outside the tables"
        if point.month == 0:  # 初三 beside 大年初二
            month = 1
        if number == 0:
            first = self._nearest_of(lambda year: lunar.lunar_day(year, month, 1), point.year, fault)
            last = first + 28 * _DAY
            for year in (first.year, first.year - 1):
                if lunar.FIRST_YEAR <= year <= lunar.LAST_YEAR and lunar.lunar_day(year, month, 1) == first:
                    last = first + (lunar.lunar_month_length(year, month) - 1) * _DAY
            return first, last, "month", "festival"
        if number < 0:
            day = self._nearest_of(lambda year: lunar.lunar_day(year, 1, 0), point.year, fault)
        else:
            day = self._nearest_of(lambda year: lunar.lunar_day(year, month, number), point.year, fault)
        if point.month == 0 and abs((day - self.day).days) >= 30:
            raise _Unresolved("")
        return day, day, "", "festival"

    def _same_period(self, point: Point, partial: DatePartial) -> _Days:
        if self.period_at < self._line(point.start):
            year = self.anchor.year + point.shift
            return dt.date(year, 1, 1), dt.date(year, 12, 31), "year", "relative"
        first, last, precision = self.period
        back = point.shift
        first2 = _date(first.year + back, first.month, first.day) or dt.date(first.year + back, first.month, 28)
        last2 = _date(last.year + back, last.month, last.day)
        if last2 is None or (last + _DAY).day == 1:
            last2 = _month(last.year + back, last.month)[1]
        return first2, last2, precision, "relative"

    # -- ranges --

    def _range(self, partial: DatePartial, one: Point, other: Point) -> _Days | None:
        """The days of a range, or None where its ends do not follow each other."""
        first, _, _, basis = self._point(one, partial)
        if other.kind == "now":
            return first, max(first, self.anchor), "range", basis
        last: dt.date | None
        if other.kind == "time":
            night = one.part_of_day == "night" and one.clock is not None and other.clock is not None and other.clock < one.clock
            return first, first + _DAY if night else first, "range", basis
        if other.kind == "day" and not other.unit:
            last = self._last_day(one, other, first)
        elif other.kind == "month" and other.month is None and not other.unit:
            last = _month(first.year, first.month, other.part)[1]
        elif other.kind == "month" and other.year is None and not other.unit and other.month is not None:
            year = first.year + (other.month < first.month)
            last = _month(year, other.month, other.part)[1]
        elif other.kind == "year" and other.year is None and not other.unit:
            months = _year_part(other.part)
            last = _month(first.year, months[1])[1]
        elif other.kind == "lunar" and other.month == 0 and one.kind == "lunar":
            last = first + ((other.day or 0) - max(one.day or 0, 0)) * _DAY
        elif other.kind == "weekday" and not other.unit:
            last = first + (((other.day or 0) - (one.day or 0)) % 7) * _DAY
        elif other.kind == "step":
            last = first + other.shift * _DAY
        else:
            held = self.day, self.day_at
            self.day, self.day_at = first, one.end
            try:
                last = self._point(other, partial)[1]
            except _Unresolved:
                last = None
            finally:
                self.day, self.day_at = held
        if last is None or last < first or (last == first and one.kind not in ("day", "carried", "month")):
            return None
        stated = other.year is not None
        days = (last - first).days
        if one.kind == "day" and (days > 400 or (not stated and days > 250)):
            return None
        if last == first and other.clock is None and one.clock is None:
            return None
        return first, last, "range", basis

    def _last_day(self, one: Point, other: Point, first: dt.date) -> dt.date | None:
        day = other.day or 1
        month = other.month or first.month
        found = _date(other.year or first.year, month, day)
        if other.year is None and (found is None or found < first):
            if other.month is None:
                return _date(*_add_months(first.year, first.month, 1), day) if day < first.day else None
            return _date(first.year + 1, month, day)
        return found

    # -- writing down --

    def _add(self, partial: DatePartial, first: dt.date, last: dt.date, precision: str, basis: str) -> None:
        one, other = partial.first, partial.last
        time_start, time_end = one.clock, other.clock if other is not None else one.clock
        if not precision:
            precision = "day" if time_start is None else "minute" if one.precise else "hour"
            if (time_start is None and one.part_of_day) or (partial.rule == "clock" and time_start is None):
                precision = "part_of_day"
        if time_start is not None:
            time_start = time_start[:5]
        if time_end is not None:
            time_end = time_end[:5]
        start, end, rule = partial.start, partial.end, partial.rule
        if one.kind in ("festival", "lunar") and other is None and self._second_name(partial, first):
            named = self.found.pop()
            start, basis, rule = named.start, named.basis, named.rule
        role = "range" if precision == "range" and (first != last or time_start != time_end) else "at"
        if partial.lead == "as_of" or (partial.lead == "until" and last <= self.anchor):
            role = "as_of"
        elif partial.lead == "from" and precision != "range":
            role = "from"
        elif role == "at" and partial.tail in ("from", "by"):
            role = partial.tail
        if partial.attributive and role in ("at", "range"):
            role = "attributive"
        self._remember(partial, first, last, precision, basis, role, end)
        if partial.since and role not in ("range", "as_of") and first <= self.anchor:
            last, time_end, precision, role = max(self.anchor, first), None, "range", "since"
        self.found.append(
            DateMention(start, end, first, last, time_start, time_end, precision, basis, role, partial.vague, partial.header, rule)
        )

    def _second_name(self, partial: DatePartial, day: dt.date) -> bool:
        """3月8日妇女节, 正月十五元宵节: the festival belongs to the date that it touches."""
        if not self.found or partial.start - self.found[-1].end > 6:
            return False
        named = self.found[-1]
        if named.precision != "day" or named.vague or named.role == "range" or (named.date_start, named.date_end) != (day, day):
            return False
        return self.text[named.end : partial.start] in _BEFORE_A_FESTIVAL

    def _remember(
        self, partial: DatePartial, first: dt.date, last: dt.date, precision: str, basis: str, role: str, end: int
    ) -> None:
        one = partial.first
        kind = one.kind
        if partial.vague and kind != "carried":
            return
        if kind in _DAY_KINDS:
            if kind != "step" or one.shift > 0:  # 比前一天: the text goes on about the day itself
                self.day = last
            if partial.since and role not in ("range", "as_of") and first <= self.anchor:
                # 自1月27日以来…，30日: the text goes on about the end of what it sums up
                self.day = self.as_of if self.as_of_at >= self._line(partial.start) else self.anchor
            self.day_at = end
            if kind not in ("step",) or one.shift > 0:
                self._tell(partial, last, role, end)
            if role == "as_of" or (precision == "range" and one.clock is not None):
                self.as_of, self.as_of_at = last, partial.start
            if basis == "explicit":
                self.explicit, self.explicit_at = last, partial.start
            if kind == "lunar":
                self.lunar_at = end
        elif kind == "month" and precision == "month":
            self.month, self.month_at = first, end
        if first != last:
            self.period, self.period_at = (first, last, precision), partial.start

    def _tell(self, partial: DatePartial, day: dt.date, role: str, end: int) -> None:
        """Move the day that the text tells of, unless the partial names a start or limit still to come."""
        ahead = day > self.anchor or role in ("from", "by") or partial.lead == "ahead"
        if ahead and end - self.told_at < 400:
            return
        line = self.text[max(0, partial.start - _IN_BRACKET) : partial.start]
        if role == "at" and line.rfind("（") > max(line.rfind("）"), line.rfind("\n")) and end - self.told_at < 400:
            return  # 东莞1例（系4月7日病例的密切接触者）。当天: a remark in a bracket
        if role == "as_of" and partial.last is None and partial.first.clock == "00:00":
            day -= _DAY
        self.told, self.told_at = day, end


_FROM_A_DAY: Final = re.compile("[由从][^。；，]{0,4}\\d{1,2}月\\d{1,2}日[^。；，]*[到至]$")
_NEXT_END: Final = 30  # characters
_IN_BRACKET: Final = 40  # characters
_DAY_KINDS: Final = frozenset(["day", "time", "weekday", "carried", "step", "later", "following", "festival", "term", "lunar"])
_BEFORE_A_FESTIVAL: Final = frozenset(["", "国际", "三八国际", "“三八”国际", "五一国际", "“五一”国际", "传统佳节", "是", "农历"])
_KINDS: dict[str, Callable[[_Resolver, Point, DatePartial], _Days]] = {
    "day": _Resolver._day, "month": _Resolver._month_of, "year": _Resolver._year_of, "time": _Resolver._time_of,
    "weekday": _Resolver._weekday, "week": _Resolver._week, "span": _Resolver._span, "now": _Resolver._now,
    "carried": _Resolver._carried, "step": _Resolver._step, "later": _Resolver._later, "following": _Resolver._following,
    "festival": _Resolver._festival, "holiday": _Resolver._holiday, "term": _Resolver._term, "lunar": _Resolver._lunar,
    "same_period": _Resolver._same_period,
}  # fmt: skip


def _check_anchor(anchor: dt.date, where: str = "") -> None:
    if not 1900 <= anchor.year <= 2100:
        raise ValueError(f"anchor {anchor} is outside 1900-2100{where}")


def resolve_dates(
    partials: Sequence[DatePartial], text: str, anchor: dt.date, refused: list[Unclaimed] | None = None
) -> list[DateMention]:
    """The dates that the partials of a text are, in order and without overlaps; what turns out to be none is left out.

    Args:
        partials: of `find_dates(text)`, in their order.
        text: the same normalised text.
        anchor: the day of writing: 昨天 is the day before it, a month and day without year lie nearest to it.
        refused: takes what states a date that cannot be (a lunar day outside the tables), with the reason.

    Raises:
        ValueError: the anchor is not of the years 1900 to 2100.

    >>> text = "截至2月3日24时，目前"
    >>> found = resolve_dates(find_dates(text)[0], text, dt.date(2020, 2, 4))
    >>> [(m.date_end.isoformat(), m.time_end, m.basis, m.role) for m in found]
    [('2020-02-03', '24:00', 'inferred_year', 'as_of'), ('2020-02-03', None, 'relative', 'at')]
    """
    _check_anchor(anchor)
    resolver = _Resolver(text, anchor)
    resolver.run(partials, refused)
    return resolver.found


def read_dates(text: str, anchor: dt.date) -> tuple[list[DateMention], list[Unclaimed]]:
    """Both steps: every date of a normalised text, resolved, and what looks like a date and cannot be one.

    Raises:
        ValueError: the anchor is not of the years 1900 to 2100.
    """
    partials, refused = find_dates(text)
    later: list[Unclaimed] = []
    found = resolve_dates(partials, text, anchor, later)
    return found, sorted([*refused, *later]) if later else refused


def parse_date(text: str, anchor: dt.date | None = None) -> DateMention:
    """Read `text`, which must be one date expression and nothing else.

    Args:
        text: normalised text; white space around it is ignored.
        anchor: the date that 昨天, 2月3日 or 25日 are resolved against; also the day before 当晚 or 上午.

    Raises:
        ValueError: the text is no date, an impossible one, more than one, or needs an anchor; the message quotes the
            text with the fault in 【】.

    >>> parse_date("2020年2月3日24时").time_end
    '24:00'
    >>> parse_date("2月30日", dt.date(2020, 2, 1))
    Traceback (most recent call last):
    ...
    ValueError: impossible date: 【2月30日】
    """
    body = text.strip()
    if anchor is not None:
        _check_anchor(anchor, f": 【{text}】")
    partial = parse_partial(body)
    if anchor is None and (partial.first.year is None or (partial.last is not None and partial.last.kind == "now")):
        raise ValueError(f"needs an anchor date, the year or day is not stated: 【{body}】")
    resolver = _Resolver(body, anchor or dt.date(partial.first.year or 2020, 7, 1), strict=True)
    refused: list[Unclaimed] = []
    resolver.run([partial], refused)
    if refused:
        raise ValueError(f"{refused[0].reason}: 【{body}】")
    if len(resolver.found) != 1 or resolver.found[0].end != len(body):
        raise ValueError(f"not a date expression: 【{body}】")
    return resolver.found[0]
