"""Partial dates in normalised text: what an expression states, found without an anchor and without memory.

`2月3日` is a month and a day, `25日17时` a day and a clock time, `当晚` a pronoun; which day of the calendar is meant is
for `mentions.resolve` to say. Nothing here depends on what was read before, so a text can be read from any place.

    expression = end [TO end]                    an end leaves out what the other states: 2月3日至5日, 下午3点至5点, 1—2月
    end        = point | period | time
    point      = [year] [month] day [time]       year and month in figures or as a word (去年, 本月); day in figures
               | word [time]                     昨天, 当晚, 除夕, 正月初三, 上周五, 次日, 两天后
    period     = [year] month [part of month]    12月下旬, 本月底, 去年2月第二周
               | year [part of year]             2020年, 今年一季度, 2019年底
               | word                            上周, 春节期间, 近三天
    time       = [gloss] [part of day] [clock]   (周二)晚8点半, 17:30, 0时
    TO         = 至 | 到 | - | — | ～ …

Each is read in one place and stands wherever the grammar names it. The words, the signs and the guards (what must not
stand beside them), with examples and counter-examples, are data: words/dates.toml. One regex looks for places where an
expression may begin; from there tokens are read one after the other, each by a regex chosen by its first character.
Every repeat is bounded, so the time is linear in the length of the text.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from covid_timeline.model import Unclaimed

__all__ = ["DatePartial", "Point", "find_dates", "load_rules", "parse_partial"]


class Point(NamedTuple):
    """What one end of an expression states. None, 0 or "" where it states nothing.

    `kind` says what is named, and so which fields count:

    | kind | fields |
    |---|---|
    | `day` | `day`; `year`, `month` where stated; or `shift` days, months or years (`unit`) from the anchor |
    | `month`, `year` | as above; `part` of it |
    | `time` | the clock time or part of day alone |
    | `weekday` | `day` 0 to 6, `shift` weeks (`unit` "" where no week is named) |
    | `week` | `shift` weeks from the anchor's; `part` "weekend" |
    | `span` | days from `shift` to `day`, counted from the anchor |
    | `now` | the moment of writing, `shift` 1: not the as-of day of the passage |
    | `carried` | the day just spoken of (`unit` "month": its month) |
    | `step` | `shift` days from the day just spoken of |
    | `later` | `shift` days (`unit` "month": months) from the day just spoken of |
    | `following` | the `day` days after it |
    | `festival`, `holiday`, `term` | `name`; `year` where stated; `shift` days from it |
    | `lunar` | lunar `month` (0: the month is not said) and `day` (0: the month as a whole) |
    | `same_period` | the period just spoken of, `shift` years away |
    """

    start: int
    end: int
    kind: str
    rule: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    part: str = ""
    shift: int = 0
    unit: str = ""  # what `shift` counts where it makes a date relative
    name: str = ""
    part_of_day: str = ""  # am, noon, pm, night, dawn, "" (none)
    clock: str | None = None  # "HH:MM" or "HH:MM:SS"
    precise: bool = False  # the clock time states minutes
    waits: bool = False  # a bare figure, a clock time only where a range ends in one: 0—24时


class DatePartial(NamedTuple):
    """One date expression as the text has it; offsets into the normalised text.

    `needs` names what an earlier part of the text must give for it to be a date at all: "" nothing, "day" a day in this
    sentence or the one before, "day_400" (…"day_60") a day at most so many characters before, "lunar" a lunar day.
    """

    start: int
    end: int
    first: Point
    last: Point | None  # the other end of a range
    lead: str  # as_of, until (may be as-of), from, ahead (将于, 延至), ""
    tail: str  # from, by, ahead (将), ""
    since: bool  # 以来 follows
    attributive: bool  # a period that only qualifies the noun behind it
    vague: bool
    header: bool  # publication stamp or wire dateline
    needs: str
    rule: str


# --- rules as data ------------------------------------------------------------------------------------------------


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "words" / "dates.toml").read_text(encoding="utf-8"))


def load_rules() -> tuple[dict[str, Any], ...]:
    """The rules of words/dates.toml: `id`, `about`, `examples`, `counter_examples`, and `words`, `synonyms` where it has any."""
    return tuple(_data()["rule"])


_DIGITS: Final = "0123456789"
_CN_DIGITS: Final = {c: n for n, group in enumerate(("〇○零OＯ0", "一", "二两", "三", "四", "五几数", "六", "七", "八", "九")) for c in group}


@lru_cache(maxsize=512)
def _number(s: str) -> int:
    """Arabic figures, or a Chinese numeral below 100 (二十五, 廿九, 十, 元 for the first month)."""
    if s[0] in _DIGITS:
        return int(s)
    if s == "元":
        return 1
    if s[0] in "廿卅":
        return (20 if s[0] == "廿" else 30) + (_CN_DIGITS[s[1]] if len(s) > 1 else 0)
    if "十" in s:
        tens, _, ones = s.partition("十")
        return 10 * (_CN_DIGITS[tens] if tens else 1) + (_CN_DIGITS[ones] if ones else 0)
    return int("".join(str(_CN_DIGITS[c]) for c in s))


@lru_cache(maxsize=64)
def _year(s: str) -> int:
    n = _number(s) if s[0] in _DIGITS else int("".join(str(_CN_DIGITS[c]) for c in s))
    return n + (2000 if n < 50 else 1900) if n < 100 else n


class _Patterns:
    """Patterns by name, each compiled when it is first asked for: one text needs few of them."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources
        self._compiled: dict[str, re.Pattern[str]] = {}

    def __getitem__(self, name: str) -> re.Pattern[str]:
        found = self._compiled.get(name)
        if found is None:
            source = self.sources[name]
            found = self._compiled[name] = re.compile(source, re.VERBOSE if "\n" in source else 0)
        return found

    def get(self, name: str) -> re.Pattern[str] | None:
        """The pattern, or None where there is none of that name."""
        return self[name] if name in self.sources else None


class _Grammar:
    """The compiled vocabulary: regexes as attributes named as in the data, words by first character."""

    def __init__(self) -> None:
        data = _data()
        macros: dict[str, str] = {}
        self.words = _Patterns({})
        self.meanings: dict[str, tuple[str, str, Any]] = {}
        rules = {rule["id"]: rule for rule in data["rule"]}
        parts = rules["part_of_day"]
        self.parts: dict[str, str] = _with_synonyms(parts)
        macros["PART"] = _alternatives(parts, self.parts)
        self.month_parts: dict[str, str] = rules["month_only"]["parts"]
        macros["MONTH_PART"] = _alternatives(
            {"not_before": rules["month_only"]["parts_not_before"]}, self.month_parts
        )
        for name, source in data["macros"].items():
            macros[name] = _filled(source, macros)
        patterns = {name: _filled(source, macros) for name, source in data["patterns"].items()}
        self.p = _Patterns(patterns)
        self.sets: dict[str, frozenset[str]] = {name: frozenset(members) for name, members in data["sets"].items()}
        self.until, self.from_signs, self.at_signs = self.sets["until"], self.sets["from"], self.sets["at"]
        self.wire_first = self.sets["wire_first"]
        self.from_after, self.by_after = self.sets["from_after"], self.sets["by_after"]
        seconds = self._compile_words(data["rule"], macros["PART"])
        pattern_rules: dict[str, list[tuple[re.Pattern[str], str, str]]] = {}
        self.lunar: dict[str, tuple[re.Pattern[str], str]] = {}  # tried before figures: 五月廿二
        for rule in data["rule"]:
            for form in rule.get("forms", ()):
                compiled = re.compile(_filled(form["pattern"], macros))
                for first in form["first"]:
                    if form["reads"] == "lunar":
                        self.lunar[first] = (compiled, rule["id"])
                        continue
                    pattern_rules.setdefault(first, []).append((compiled, form["reads"], rule["id"]))
        self.forms = {first: tuple(found) for first, found in pattern_rules.items()}
        # The first two characters that a word or form can begin with, or the first alone where anything may follow.
        self.openings = {word[:2] for word in (*self.meanings, *self.parts)} | {
            first + second
            for rule in data["rule"]
            for form in rule.get("forms", ())
            for first in form["first"]
            for second in form["second"]
        }
        firsts = set(self.words.sources) | set(self.forms) | set(self.lunar) | set(data["trigger"]["first"])
        firsts -= set(_DIGITS)
        second = seconds | set(data["trigger"]["second"])
        self.trigger = re.compile(
            f"[{_DIGITS}{''.join(sorted(firsts))}](?:{_filled(data['trigger']['figures'], macros)}"
            f"|(?<![0-9])[{''.join(sorted(second))}])"
        )

    def edges(self, text: str, start: int, end: int) -> tuple[str, str]:
        at = start
        while at and start - at < 3 and text[at - 1] == " ":
            at -= 1
        before = text[at - 1] if at else "\n"
        lead = tail = ""
        if before in self.until:
            two = text[max(0, at - 2) : at]
            if two in self.sets["as_of"]:
                lead = "as_of"
            elif two in self.sets["put_off"]:
                lead = "ahead"
            elif len(two) < 2 or two[0] in self.sets["clause_starts"]:
                lead = "until"
        elif before in self.from_signs:
            if not self.p["held_then"].match(text, end):
                lead = "from"
        elif before in self.at_signs and text[max(0, at - 2) : at - 1] in self.sets["will"]:
            lead = "ahead"
        after = text[end : end + 1]
        if after in self.from_after:
            if self.p["from_after"].match(text, end):
                tail = "from"
        elif after in self.by_after and self.p["by_after"].match(text, end):
            tail = "by"
        return lead, tail

    def _compile_words(self, rules: list[dict[str, Any]], part: str) -> set[str]:
        """Fill `words` and `meanings`; give the characters that stand second in a word."""
        sources: dict[str, list[tuple[str, str]]] = {}
        seconds: set[str] = set()
        for rule in rules:
            if "kind" not in rule:
                continue
            for word, value in _with_synonyms(rule).items():
                if word in self.meanings:
                    raise ValueError(f"words/dates.toml: {word} stands under {self.meanings[word][0]} and {rule['id']}")
                self.meanings[word] = (rule["id"], rule["kind"], value)
                source = _guarded(rule, word)
                if len(word) == 1:
                    source += f"(?={part}|起|[（(](?:[0-9]{{1,2}}|[一二三四五六七八九十廿卅]{{1,4}})[日)）])"
                    seconds |= {p[0] for p in self.parts} | set("起（(")
                else:
                    seconds.add(word[1])
                sources.setdefault(word[0], []).append((word, source))
        self.words = _Patterns(
            {
                first: "|".join(source for _, source in sorted(words, key=lambda w: (-len(w[0]), w[0])))
                for first, words in sources.items()
            }
        )
        return seconds


def _with_synonyms(rule: dict[str, Any]) -> dict[str, Any]:
    """The words of a rule with their values; a synonym has the value of the word it stands for."""
    words: dict[str, Any] = dict(rule.get("words", {}))
    for synonym, word in rule.get("synonyms", {}).items():
        words[synonym] = rule["words"][word]
    return words


def _guarded(rule: dict[str, Any], word: str) -> str:
    after, before = rule.get("not_after", {}), rule.get("not_before", {})
    behind, ahead = after.get(word, after.get("*", "")), before.get(word, before.get("*", ""))
    return (f"(?<![{behind}])" if behind else "") + word + (f"(?!{ahead})" if ahead else "")


def _alternatives(rule: dict[str, Any], words: dict[str, str]) -> str:
    return "|".join(_guarded(rule, word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _filled(source: str, macros: dict[str, str]) -> str:
    return re.sub("<([A-Z_]+)>", lambda match: f"(?:{macros[match[1]]})", source)


@cache
def _grammar() -> _Grammar:
    return _Grammar()


# --- reading ------------------------------------------------------------------------------------------------------

_LONG: Final = frozenset(["month", "year"])
_PM_FROM: Final = {"pm": (1, 11), "night": (5, 12), "noon": (1, 3)}


@lru_cache(maxsize=4096)
def clock_time(part: str, hour: str, minutes: str | None) -> str | None:
    """Clock time as "HH:MM", or None for an impossible one. `part`: the class of the part of day before it.

    >>> clock_time("night", "12", None), clock_time("pm", "3", "半"), clock_time("dawn", "12", None), clock_time("", "25", None)
    ('24:00', '15:30', '00:00', None)
    """
    h = _number(hour)
    m = 0
    if minutes:
        named = _data()["minutes"].get(minutes)
        m = _number(minutes.lstrip("零〇") or "0") if named is None and minutes[0] not in _DIGITS else int(minutes) if named is None else named
    first, last = _PM_FROM.get(part, (25, 25))
    if first <= h <= last:
        h += 12
    elif part == "dawn" and h == 12:
        h = 0
    if h > 24 or m > 59 or (h == 24 and m):
        return None
    return f"{h:02d}:{m:02d}"


class _Finder:
    """Reads one text from left to right; keeps nothing but what it has found and where its line is."""

    __slots__ = (
        "figure_first", "found", "g", "line_end", "line_start", "p", "sets", "skip", "strict", "text", "time_first", "titles",
        "to_first", "unclaimed",
    )  # fmt: skip

    def __init__(self, text: str, *, strict: bool = False) -> None:
        self.text = text
        self.strict = strict  # the whole text is one expression: 上午 or 3号 needs nothing beside it
        self.g = _grammar()
        self.p = self.g.p
        self.sets = self.g.sets
        self.figure_first, self.to_first = self.sets["figure_first"], self.sets["to_first"]
        self.time_first = self.sets["time_first"]
        self.found: list[DatePartial] = []
        self.unclaimed: list[Unclaimed] = []
        self.line_start = 0
        self.line_end = -1
        self.skip = 0
        self.titles = [match.span() for match in self.p["title"].finditer(text)] if "《" in text else []

    def run(self) -> None:
        text, search = self.text, self.g.trigger.search
        openings, figures = self.g.openings, self.figure_first
        match = search(text)
        while match is not None:
            start = match.start()
            two = text[start : start + 2]
            end = self.expression(start) if two in openings or two[0] in figures or two[0] in openings else 0
            match = search(text, end if end > start else start + 1)

    # -- expression = end [TO end] --

    def expression(self, start: int) -> int:
        """Read the expression at `start` and keep it; where it ends, or 0 where there is none."""
        self.skip = 0
        point, needs = self._end(start)
        if point is None:
            return self.skip
        text, end = self.text, point.end
        last: Point | None = None
        if end < len(text) and text[end] in self.to_first:
            last = self._other_end(point)
        if last is None and point.waits:
            point = self._without_bare_figure(point)
            if point is None:
                return 0
        return self._keep(point, last, needs)

    def _keep(self, point: Point, last: Point | None, needs: str) -> int:
        text = self.text
        start, end = point.start, last.end if last is not None else point.end
        lead, tail = self.g.edges(text, start, end)
        rule, kind = point.rule, point.kind
        span = last is not None or kind in ("span", "week", "holiday")
        if lead == "from" and span:
            lead = ""
        attributive = kind in _LONG and self._is_attributive(start, end)
        header = text[end : end + 1] in self.g.wire_first and self.p["wire"].match(text, end) is not None
        vague = rule in ("now", "lately", "this_moment")
        if kind == "weekday" and self.p["will"].match(text, end):
            tail = "ahead"
        self.found.append(
            DatePartial(start, end, point, last, lead, tail, False, attributive, vague, header, needs, rule)
        )
        if rule in ("year_month_day", "month_day", "iso_date", "short_figures") and not header:
            self._mark_stamp()
        if last is None and kind == "day" and text[end : end + 1] in self.sets["gloss_first"]:
            gloss = self.p["weekday_gloss"].match(text, end)
            if gloss is not None:
                return gloss.end()
        return end

    def _other_end(self, first: Point) -> Point | None:
        """The end that TO leads to, where it can end a range that begins with `first`."""
        text = self.text
        match = self.p["to"].match(text, first.end)
        kind = first.kind
        now = self.p["to_now"].match(text, first.end)
        if now is not None and kind in ("day", "month", "lunar", "festival", "time", "year", "term"):
            return Point(first.end, now.end(), "now", first.rule)
        if match is None or kind in ("now", "span", "week", "same_period", "holiday"):
            return None
        at = match.end()
        held = self.skip, len(self.unclaimed)
        last = self._right_end(at, first)
        del self.unclaimed[held[1] :]
        self.skip = held[0]
        return last

    def _right_end(self, at: int, first: Point) -> Point | None:
        text, kind = self.text, first.kind
        if kind in _LONG or first.part:
            part = self.p["month_part"].match(text, at)
            if part is not None and kind == "month":
                return Point(at, part.end(), "month", first.rule, part=self._month_part(part))
        if kind == "lunar":
            tail = self.p["lunar_tail"].match(text, at)
            if tail is not None:
                return Point(at, tail.end(), "lunar", "lunar_day", None, 0, _number(tail[0].removeprefix("初")))
        if at >= len(text):
            return None
        time = self._time(at, first.part_of_day)
        if time is not None and (first.clock is not None or first.part_of_day or first.waits) and not time[4]:
            end, part_of_day, clock, precise, _ = time
            if clock is not None or part_of_day:
                if clock is not None and first.clock is not None and clock < first.clock and first.part_of_day != "night":
                    return None
                return Point(at, end, "time", first.rule, None, None, None, "", 0, "", "", part_of_day, clock, precise)
        if kind == "time" and text[at] in _DIGITS and not first.clock:
            return None
        last, needs = self._end(at, right=True)
        if last is None or last.waits or (needs and last.kind not in ("lunar", "step")):
            return None
        if last.kind == "weekday":
            return last if kind == "weekday" else None
        if kind == "weekday" or last.kind in ("now", "span", "carried", "same_period", "later", "following", "week", "time"):
            return None
        if kind == "year" and not first.part and last.kind != "year":
            return None
        if kind in ("day", "lunar", "festival", "term", "carried", "step", "time") and last.kind == "year" and not last.part:
            return None
        if kind == "month" and last.kind == "day" and last.month is None and not last.unit:
            return None
        return last

    def _without_bare_figure(self, point: Point) -> Point | None:
        """The point without the figure that turned out to be no clock time."""
        end = point.end
        if point.kind == "time":
            return None
        while self.text[end - 1] in _DIGITS or self.text[end - 1] == " ":
            end -= 1
        return point._replace(end=end, clock=None, precise=False, waits=False)

    # -- end = point | period | time --

    def _end(self, start: int, right: bool = False) -> tuple[Point | None, str]:
        """The end of an expression that stands at `start`, and what it needs. `right`: it stands behind TO."""
        text = self.text
        first = text[start]
        g = self.g
        found: tuple[Point | None, str]
        if first not in _DIGITS:
            words = g.words.get(first)
            if words is not None:
                match = words.match(text, start)
                if match is not None:
                    found = self._word(start, match)
                    if found[0] is not None or self.skip:
                        return found
            lunar = g.lunar.get(first)
            match = lunar[0].match(text, start) if lunar is not None else None
            if lunar is not None and match is not None:
                found = self._form_lunar(start, match, lunar[1])
                if found[0] is not None:
                    return found
        if first in self.figure_first:
            found = self._figures(start, right)
            if found[0] is not None or self.skip:
                return found
        for pattern, reads, rule in g.forms.get(first, ()):
            match = pattern.match(text, start)
            if match is not None:
                found = getattr(self, "_form_" + reads)(start, match, rule, right)
                if found[0] is not None or self.skip:
                    return found
        if first in self.sets["time_start"] and not right:
            return self._time_apart(start)
        return None, ""

    def _month_part(self, match: re.Match[str]) -> str:
        return self.g.month_parts.get(match[0].strip()) or "w" + str(_number(match[1]))

    # -- time = [gloss] [part of day] [clock] --

    def _time(self, at: int, inherited: str = "") -> tuple[int, str, str | None, bool, bool] | None:
        """(end, part of day, clock time, states minutes, waits) of the time at `at`; None where there is none.

        `inherited`: the part of day of the other end of the range, which 5点 in 下午3点至5点 shares.
        """
        text = self.text
        match = self.p["time"].match(text, at)
        if match is None or match.end() == at:
            return None
        part, hour, colon, seconds, minute, second, word = match.groups()
        part_of_day = self.g.parts[part] if part else ""
        if hour is None:
            end = match.end()
            while end > at and text[end - 1] == " ":
                end -= 1
            return (end, part_of_day, None, False, False) if end > at else None
        if hour[0] not in _DIGITS and not part and hour != "零" and not self.strict and not inherited and at == match.start("hour"):
            return None  # 一时, 三点: words, unless a part of day or a space stands before
        end = match.end()
        stated = clock_time(part_of_day or inherited, hour, colon or minute or word)
        if stated is None:
            if not part and not inherited and at == match.start("hour") and not colon and hour[0] in _DIGITS and not (at and text[at - 1] in self.sets["day_signs"]):
                return None
            cut = match.end("part") if part else at
            self._refuse(match.start("hour"), end, "impossible time")
            return (cut, part_of_day, None, False, False) if part else (at, "", None, False, False)
        precise = bool(colon or minute or (word and word not in self.sets["whole_hour"]))
        if seconds or second:
            stated += f":{int(seconds or second):02d}"
        return end, part_of_day, stated, precise, end == match.end("hour")

    def _day(self, start: int, end: int, rule: str, year: int | None, month: int | None, day: int) -> Point:
        """A day in figures read up to `end`, with the time that follows it."""
        text = self.text
        if end >= len(text) or text[end] not in self.time_first or text[end] in ")）":
            return self._with_time(Point(start, end, "day", rule, year, month, day))
        time = self._time(end)
        if time is None or time[0] == end:
            return Point(start, end, "day", rule, year, month, day)
        return Point(start, time[0], "day", rule, year, month, day, "", 0, "", "", time[1], time[2], time[3], time[4])

    def _with_time(self, point: Point) -> Point:
        """A point that names a day, with the time that follows it."""
        text, end = self.text, point.end
        if end >= len(text) or text[end] not in self.time_first:
            return point
        if text[end] in ")）":  # (3月24日)下午: the bracket says which day it is
            if text[point.start - 1 : point.start] not in ("(", "（"):
                return point
            time = self._time(end + 1)
            if time is None or (time[2] is None and not time[1]):
                return point
        else:
            time = self._time(end)
        if time is None or time[0] == end:
            return point
        return Point._make((point[0], time[0], *point[2:11], *time[1:]))

    def _time_apart(self, start: int) -> tuple[Point | None, str]:
        """A clock time or part of day apart from its day: what the words beside it allow, and what it then needs."""
        text = self.text
        before = text[start - 1] if start else "\n"
        if before.isascii() and (before.isalnum() or before in "./-*:+"):
            return None, ""
        count = len(self.unclaimed)
        time = self._time(start)
        if time is None:
            return None, ""
        if len(self.unclaimed) > count and not self.strict:
            del self.unclaimed[count:]
            if time[0] <= start:
                return None, ""
        end, part_of_day, clock, precise, waits = time
        if end == start or (not part_of_day and clock is None):
            return None, ""
        needs = ""
        if not self.strict:
            sure = self._as_of_lead(start)
            opens = before in self.sets["clause_starts"]
            named = clock is not None and text[start] not in _DIGITS and opens
            if not self._may_stand_apart(start, end, clock, precise, sure or named, before):
                return None, ""
            needs = "" if sure and clock is not None else "day_400" if named else "day"
        return Point(start, end, "time", "clock", None, None, None, "", 0, "", "", part_of_day, clock, precise, waits), needs

    def _as_of_lead(self, start: int) -> bool:
        return self.p["as_of_lead"].search(self.text, max(0, start - 5), start) is not None

    def _may_stand_apart(self, start: int, end: int, clock: str | None, precise: bool, sure: bool, before: str) -> bool:
        """Not 每天上午, 上午班, 1:10, 营业时间9:00."""
        text, sets = self.text, self.sets
        if before in sets["not_before_time"] or text[max(0, start - 2) : start] in sets["every"]:
            return False
        if before in sets["to_first"] and start > 1 and text[start - 2] in sets["clock_ends"]:
            return False  # the end of hours whose beginning was no date
        if self.p["routine"].search(text, max(0, start - 12), start):
            return False
        led = before in sets["clause_starts"]
        if clock is None:
            if text[end : end + 1] in sets["not_after_part"]:
                return False
            return led or before in sets["leads_part"] or self.p["part_in_clause"].match(text, end) is not None
        if text[start] in _DIGITS and not sure and not led and before not in sets["leads_clock"]:
            return precise and before not in sets["not_before_clock"] and not before.isascii()
        return True

    def _refuse(self, start: int, end: int, reason: str) -> None:
        if not self.unclaimed or self.unclaimed[-1].end <= start:  # the same figures may be tried from two starts
            self.unclaimed.append(Unclaimed(start, end, reason))

    def _impossible(self, start: int, end: int, reason: str = "impossible date") -> tuple[None, str]:
        self._refuse(start, end, reason)
        self.skip = end
        return None, ""

    # -- figures --

    def _figures(self, start: int, right: bool) -> tuple[Point | None, str]:
        text = self.text
        match = self.p["core"].match(text, start)
        if match is None or match.end() == start:
            return self._figures_with_signs(start)
        year, month, dom, sign = match.groups()
        end = match.end()
        while text[end - 1] == " ":
            end -= 1
        if dom is not None:
            if month is None:
                if year is None:
                    return self._day_alone(start, end, dom, sign, right)
                end = match.start(3)
                while text[end - 1] == " ":
                    end -= 1
                return self._in_year(start, end, _year(year))
            return self._month_day(start, end, year, int(_number(month)), _number(dom))
        if month is not None:
            tail = self.p["lost_sign"].match(text, end)
            if tail is not None and text[end - 1] in self.sets["month_sign"] and text[start] in _DIGITS:
                found = self._month_day(start, tail.end(), year, _number(month), _number(tail[1]))
                if found[0] is not None:
                    return found
                self.skip = 0
                del self.unclaimed[-1:]
            if year is None and not self.strict and not right:
                if start and text[start - 1] in self.sets["not_before_month"]:
                    return None, ""
                if text[max(0, start - 2) : start] in self.sets["every"]:
                    return None, ""
            if year is None and text[start] not in _DIGITS and self._is_no_chinese_month(start, end):
                return None, ""
            number = _number(month)
            if not 1 <= number <= 12:
                return self._impossible(start, end)
            return self._month(start, end, number, "month_only", year=_year(year) if year else None), ""
        if year is None or (not right and start and text[start - 1] in self.sets["not_before_year"]):
            return None, ""
        return self._in_year(start, end, _year(year))

    def _month_day(self, start: int, end: int, year: str | None, month: int, day: int) -> tuple[Point | None, str]:
        rule = "year_month_day" if year else "month_day"
        stated = _year(year) if year else None
        if not is_day(stated, month, day):
            time = self._time(end)
            return self._impossible(start, end if time is None else time[0])
        return self._day(start, end, rule, stated, month, day), ""

    def _is_no_chinese_month(self, start: int, end: int) -> bool:
        """一月有余, 近一月, 三月后; the festival 三月三."""
        text = self.text
        return bool(self.p["not_after_chinese_month"].match(text, end)) or bool(
            start and text[start - 1] in self.sets["not_before_chinese_month"]
        )

    def _month(
        self, start: int, end: int, month: int | None, rule: str, *, year: int | None = None, shift: int = 0, unit: str = ""
    ) -> Point:
        """A month read up to `end`, with its part."""
        part = self.p["month_part"].match(self.text, end)
        if part is None:
            if (month is not None or unit == "month") and (same := self.p["that_month"].match(self.text, end)) is not None:
                end = same.end()  # 3月当月 is one date
            return Point(start, end, "month", rule, year, month, None, "", shift, unit)
        return Point(start, part.end(), "month", rule, year, month, None, self._month_part(part), shift, unit)

    def _day_alone(self, start: int, end: int, dom: str, sign: str | None, right: bool) -> tuple[Point | None, str]:
        """A day without its month: 25日17时."""
        text, sets = self.text, self.sets
        needs = ""
        if right:
            if sign is None:
                return None, ""
        elif not self.strict:
            before = text[start - 1] if start else "\n"
            if before in sets["not_before_day"] or (before.isascii() and before.isalpha()):
                return None, ""
            if self.p["not_before_day"].search(text, max(0, start - 3), start):
                return None, ""
            number = _number(dom)
            if number % 7 == 0 and self.p["weeks_before"].search(text, max(0, start - 3), start):
                return None, ""  # 隔离14日, 潜伏期为14日
            if text[start] not in _DIGITS and (len(dom) < 2 or dom == "十"):
                return None, ""
            if sign == "号":
                if not start or before not in sets["before_number_sign"] or not self.p["after_number_sign"].match(text, end):
                    return None, ""
            elif self.p["not_after_day"].match(text, end):
                return None, ""
            if sign is None and not (len(dom) == 2 and dom[0] in "123" and self.p["part_word"].match(text, end)):
                follows = self.p["next_figure"].match(text, end)
                if follows is None or _number(follows[1]) <= number:
                    return None, ""
                if before not in sets["leads_list"]:
                    needs = "day_3"
                elif before not in sets["leads_list_alone"]:
                    needs = "day_60"
        if not 1 <= _number(dom) <= 31:
            return self._impossible(start, end) if sign else (None, "")
        return self._day(start, end, "day", None, None, _number(dom)), needs

    def _in_year(
        self, start: int, end: int, year: int | None, rule: str = "year_only", *, shift: int = 0, unit: str = ""
    ) -> tuple[Point | None, str]:
        """A year read up to `end`, in figures or as a word, with what follows: its part, a festival, a lunar day."""
        text = self.text
        part = self.p["year_part"].match(text, end)
        if part is not None:
            months, half, up_to, quarter, first_quarter, early, _ = part.groups()
            code = ""
            if months:
                code = f"m{_number(months)}" if _number(months) <= 12 else ""
            elif half:
                code = "h1" if half == self.text[part.start(2)] and half in self.sets["first_half"] else "h2"
            elif quarter or first_quarter:
                code = ("u" if up_to else "q") + str(_number(quarter) if quarter else 1)
            else:
                code = "early" if early else "late"
            if code:
                return Point(start, part.end(), "year", rule, year, None, None, code, shift, unit), ""
        if end < len(text):
            words = self.g.words.get(text[end])
            match = words.match(text, end) if words is not None else None
            if match is not None and self.g.meanings[match[0]][1] in ("festival", "period"):
                rule2, kind, value = self.g.meanings[match[0]]
                if year is not None or kind == "period":
                    return self._named(start, match.end(), rule2, kind, value, year, shift, unit)
            lunar = self.g.lunar.get(text[end]) if year is not None else None
            match = lunar[0].match(text, end) if lunar is not None else None
            if lunar is not None and match is not None:
                return self._form_lunar(start, match, lunar[1], year)
        if year is not None and text[end - 1] in _DIGITS and not (
            end < len(text) and (text[end] in self.sets["list_signs"] or self.p["to"].match(text, end))
        ):
            return None, ""  # 2020-: no year after all
        return Point(start, end, "year", rule, year, None, None, "", shift, unit), ""

    def _figures_with_signs(self, start: int) -> tuple[Point | None, str]:
        """2020-02-03, 2.3日."""
        text = self.text
        match = self.p["iso"].match(text, start)
        before = text[start - 1] if start else "\n"
        if match is not None:
            if (before.isalnum() and before.isascii()) or before in "-/._〔":
                return None, ""
            year, month, dom = int(match[1]), int(match[3]), int(match[4])
            if not is_day(year, month, dom):
                return self._impossible(start, match.end())
            hour = match[5]
            point = Point(start, match.end(4), "day", "iso_date", year, month, dom)
            stated = clock_time("", hour, match[6]) if hour else None
            if stated is not None:
                return point._replace(end=match.end(), clock=stated + (":" + match[7] if match[7] else ""), precise=True), ""
            return self._with_time(point), ""
        match = self.p["short"].match(text, start)
        if match is None or (before.isascii() and (before.isalnum() or before in "./-")):
            return None, ""
        sign, tail = match[2], match[4]
        m, d = int(match[1]), int(match[3])
        if not is_day(None, m, d):
            return None, ""
        if tail is None:
            if sign != "." or not self.p["short_lead"].search(text, max(0, start - 2), start) or self.p["not_a_short_date"].match(text, match.end()):
                return None, ""
        elif tail[0] != " ":
            if sign != "." or before in self.sets["not_before_short"] or self.p["not_after_day"].match(text, match.end()):
                return None, ""
        elif sign == "." or len(match[1]) + len(match[3]) < 4:
            return None, ""
        point = Point(start, match.end(), "day", "short_figures", None, m, d)
        if tail is not None and tail[0] == " ":
            stated = clock_time("", tail[1:3], tail[4:6])
            if stated is not None:
                return point._replace(clock=stated, precise=True), ""
            return point._replace(end=match.end(3)), ""
        return self._with_time(point), ""

    # -- words --

    def _word(self, start: int, match: re.Match[str]) -> tuple[Point | None, str]:
        rule, kind, value = self.g.meanings[match[0]]
        text, end = self.text, match.end()
        if self.titles and kind in ("day", "now", "vague", "carried", "year", "month", "week") and self._in_title(start):
            return None, ""
        if kind == "day":
            return self._relative_day(start, end, rule, value), ""
        if kind == "now":
            return Point(start, end, "now", rule, shift=value), ""
        if kind == "vague":
            return Point(start, end, "now", rule, shift=1), ""
        if kind == "carried":
            if not value:
                later = self.p["earlier_that_day"].match(text, end)
                point = Point(start, later.end() if later else end, "carried", rule)
                return (point if later else self._with_time(point)), ""
            if value == "month":
                return self._month(start, end, None, rule, unit="carried"), ""
            # 当晚 is its own part of day: read it as one, so that 当晚8时 gets its clock time.
            time = self._time(start)
            if time is None or time[0] < end:
                return Point(start, end, "carried", rule, part_of_day=value), ""
            return Point(start, time[0], "carried", rule, None, None, None, "", 0, "", "", value, time[2], time[3]), ""
        if kind == "step":
            return self._with_time(Point(start, end, "step", rule, shift=value)), "" if self.strict else "day_120"
        if kind in ("month", "year"):
            return self._relative_period(start, end, rule, kind, value)
        if kind == "days":
            return Point(start, end, "span", rule, None, None, value[1], "", value[0]), ""
        if kind == "week":
            if self._is_weekday(start):
                return None, ""
            part = self.p["weekend"].match(text, end)
            return Point(start, part.end() if part else end, "week", rule, None, None, None, "weekend" if part else "", value, "week"), ""
        if kind == "part":
            if value in ("early", "late"):
                return Point(start, end, "year", rule, None, None, None, value, 0, "year"), ""
            return Point(start, end, "month", rule, None, None, None, value, 0, "month"), ""
        if kind == "half":
            return Point(start, end, "year", rule, None, None, None, value), ""
        if kind == "quarter":
            return Point(start, end, "year", rule, None, None, None, "q", value, "quarter"), ""
        return self._named(start, end, rule, kind, value, None)

    def _is_weekday(self, start: int) -> bool:
        """Whether 上周 goes on as 上周五."""
        return any(
            reads == "weekday" and pattern.match(self.text, start) for pattern, reads, _ in self.g.forms.get(self.text[start], ())
        )

    def _relative_day(self, start: int, end: int, rule: str, shift: int) -> Point:
        """昨天, 今晚; 今(31)日 states the day of the month as well."""
        if shift == -2 and self.text[start - 1 : start] in self.sets["compared"]:
            return self._with_time(Point(start, end, "step", rule, shift=-1))  # 较前日: the day before the one spoken of
        gloss = self.p["day_gloss"].match(self.text, end)
        if gloss is not None and 1 <= _number(gloss["day"]) <= 31:
            return self._with_time(Point(start, gloss.end(), "day", rule, None, None, _number(gloss["day"]), "", shift, "day"))
        return self._with_time(Point(start, end, "day", rule, None, None, None, "", shift, "day"))

    def _relative_period(self, start: int, end: int, rule: str, unit: str, shift: int) -> tuple[Point | None, str]:
        """本月19日, 上月底, 去年12月下旬, 今年一季度, 去年同期: the word takes the place of the month or year."""
        text = self.text
        if unit == "year" and (same := self.p["same_period"].match(text, end)) is not None:
            return Point(start, same.end(), "same_period", "same_period", shift=shift or -1), ""
        match = self.p["core"].match(text, end + text.startswith(" ", end))
        year, month, dom, _ = match.groups() if match is not None else (None, None, None, None)
        stop = match.end() if match is not None else end
        while text[stop - 1] == " ":
            stop -= 1
        if unit == "month":
            if dom and not year and not month:
                if not 1 <= _number(dom) <= 31:
                    return self._impossible(start, stop)
                return self._with_time(Point(start, stop, "day", rule, None, None, _number(dom), "", shift, unit)), ""
            return self._month(start, end, None, rule, shift=shift, unit=unit), ""
        if month and not year:
            number = _number(month)
            if dom:
                if not is_day(None, number, _number(dom)):
                    return self._impossible(start, stop)
                return self._with_time(Point(start, stop, "day", rule, None, number, _number(dom), "", shift, unit)), ""
            if 1 <= number <= 12:
                return self._month(start, stop, number, rule, shift=shift, unit=unit), ""
        return self._in_year(start, end, None, rule, shift=shift, unit=unit)

    def _named(
        self, start: int, end: int, rule: str, kind: str, value: str | int, year: int | None, shift: int = 0, unit: str = ""
    ) -> tuple[Point | None, str]:
        """A festival, a public holiday or a solar term; `value` is its name, of a term whether it needs no other word."""
        text, name = self.text, str(value)
        if kind == "period":
            return Point(start, end, "holiday", rule, year, None, None, "", shift, unit, name), ""
        if kind == "term":
            if not value and not self.strict and not self.p["after_plain_term"].match(text, end):
                return None, ""
            return self._with_time(Point(start, end, "term", rule, name=text[start:end])), ""
        timely = name in self.sets["timely_festivals"] or text[start:end] in self.sets["timely_words"]
        if (
            timely and year is None and not self.strict and end < len(text)
            and not self.p["festival_day"].search(text, start, end) and not self.p["timely"].match(text, end)
        ):  # fmt: skip
            return None, ""
        eve = self.p["days_before"].match(text, end)
        if eve is not None:
            return self._with_time(Point(start, eve.end(), "festival", rule, year, None, None, "", -_number(eve[1]), "", name)), ""
        return self._with_time(Point(start, end, "festival", rule, year, None, None, "", 0, "", name)), ""

    def _in_title(self, at: int) -> bool:
        titles = self.titles
        while titles and titles[0][1] <= at:
            titles.pop(0)
        return bool(titles) and titles[0][0] < at

    # -- forms: words with a number inside --

    def _form_weekday(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        week, day = match.groups()
        text = self.text
        before = text[start - 1] if start else "\n"
        number = self.p["weekday_names"].pattern.find(day) % 7
        weeks = _data()["weeks"]
        if not self.strict and not right:
            if before in self.sets["not_before_weekday"] or (week and week not in weeks):
                return None, ""
            if before in self.sets["to_first"] and start > 1 and text[start - 2] in self.p["weekday_names"].pattern:
                return None, ""  # the end of 周一至周五
            if not week and self.p["to_weekday"].match(text, match.end()):
                return None, ""  # 周一至周五: every week
        point = Point(start, match.end(), "weekday", rule, None, None, number, "", weeks.get(week or "", 0), "week" if week else "")
        return self._with_time(point), ""

    def _form_quarter(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        up_to, number = match.groups()
        before = self.text[start - 1] if start else "\n"
        if before in self.sets["not_before_quarter"] or before in _DIGITS:
            return None, ""
        return Point(start, match.end(), "year", rule, None, None, None, ("u" if up_to else "q") + str(_number(number) if number else 1)), ""

    def _form_first_months(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        before = self.text[start - 1] if start else "\n"
        months = 2 if match[1] == "两" else _number(match[1])
        if months > 12 or (before not in self.sets["leads_first_months"] and not self.strict):
            return None, ""
        return Point(start, match.end(), "year", rule, part=f"m{months}"), ""

    def _form_lunar(
        self, start: int, match: re.Match[str], rule: str, year: int | None = None
    ) -> tuple[Point | None, str]:
        first, second, twelfth, day12, month, day, whole = match.group("first", "second", "twelfth", "day12", "month", "day", "whole")
        text = self.text
        if not self.strict and year is None and text[start - 1 : start] in self.sets["not_before_lunar"] and text[start] in self.sets["lunar_year"]:
            return None, ""
        if whole:
            number = 11 if whole in self.sets["eleventh"] else 12 if whole in self.sets["twelfth"] else 1 if whole in self.sets["first_lunar"] else _number(whole)
            return Point(start, match.end(), "lunar", rule, year, number, 0), ""
        dom = _number((first or second or day12 or day).removeprefix("初"))
        lunar_month = 12 if twelfth else 1 if not month else 11 if month in self.sets["eleventh"] else 12 if month in self.sets["twelfth"] else _number(month)
        if lunar_month == 1 and dom == 30 and not month and text[match.start()] in self.sets["lunar_year"]:
            dom = -1  # 大年三十 is the last day of the year before
        return self._with_time(Point(start, match.end(), "lunar", rule, year, lunar_month, dom)), ""

    def _form_lunar_tail(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        """初三 next to 大年初二."""
        text, end = self.text, match.end()
        before, after = text[start - 1] if start else "\n", text[end : end + 1]
        point = Point(start, end, "lunar", rule, None, 0, _number(match[0].removeprefix("初")))
        if before in "（(" and after in ("）", ")"):
            return point, "day_1"
        if before in self.sets["list_signs"] or before in self.sets["to_first"]:
            return self._with_time(point), "lunar_3"
        if before in self.sets["clause_starts"] and after in ("，", ","):
            return point, "lunar"
        return None, ""

    def _form_recent(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        past, number, unit = match.groups()
        n = _number(number) * (1 if unit in self.sets["day_units"] else 7)
        if match[0][0] not in self.sets["most"] and self.text[start - 1 : start] in self.sets["not_before_recent"]:
            return None, ""
        if not past:
            return Point(start, match.end(), "span", rule, None, None, n, "", 1), ""
        if self.p["effort"].match(self.text, match.end()):
            return None, ""
        return Point(start, match.end(), "span", rule, None, None, 0, "", 1 - n), ""

    def _form_following(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        n = _number(match[1])
        return (Point(start, match.end(), "following", rule, None, None, n), "day_400") if 0 < n <= 31 else (None, "")

    def _form_later(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        number, of_units, unit, way = match.groups()
        text = self.text
        before = text[start - 1] if start else "\n"
        if not self.strict and before not in self.sets["clause_starts"] and before not in self.sets["leads_later"]:
            return None, ""
        months = unit in self.sets["month_sign"]
        n = (15 if months else 0) if number in self.sets["half"] else _number(number)
        if months and number not in self.sets["half"]:
            if not of_units or n > 12:
                return None, ""
        else:
            n *= 1 if unit in self.sets["day_units"] or months else 7
            months = False
        if not 0 < n <= 60:
            return None, ""
        back = way in self.sets["ago"]
        point = Point(start, match.end(), "later", rule, None, None, None, "", -n if back else n, "month" if months else "day")
        return self._with_time(point), "" if back or self.strict else "day_120"

    def _form_now(self, start: int, match: re.Match[str], rule: str, right: bool) -> tuple[Point | None, str]:
        return Point(start, match.end(), "now", rule), "first_now"

    # -- what stands around a mention --

    def _line(self, at: int) -> int:
        """Start of the line that holds `at`; calls must not go back."""
        while self.line_end < at:
            if self.line_end >= 0:
                self.line_start = self.line_end + 1
            end = self.text.find("\n", self.line_start)
            self.line_end = len(self.text) if end < 0 else end
        return self.line_start

    def _is_attributive(self, start: int, end: int) -> bool:
        """Whether a month, quarter or year only qualifies the noun behind it: 举行一季度重大项目开工仪式, 2月份房租."""
        text, p = self.text, self.p
        if p["of_noun"].match(text, end) or p["of_ceremony"].match(text, end):
            return True
        held = p["held_before"].search(text, max(0, start - 8), start)
        return held is not None and p["held_noun"].match(text, end) is not None

    def _mark_stamp(self) -> None:
        """Mark the last mention as a publication stamp: alone on its line, behind a label, before 来源, or in a page's head."""
        mention = self.found[-1]
        text, point, p = self.text, mention.first, self.p
        if self.strict or mention.last is not None or point.part_of_day or (point.clock is not None and not point.precise):
            return
        line = self._line(mention.start)
        if self._in_page_head(mention, line):
            self.found[-1] = mention._replace(header=True)
            return
        if mention.rule == "month_day" or mention.end - mention.start == len(text) or mention.start - line > 40:
            return
        if not p["stamp_tail"].match(text, mention.end):
            return
        lead = text[line : mention.start]
        label = p["stamp_lead"].match(lead)
        bare = lead.strip() == ""
        if (label is not None and (not bare or point.precise or "\n" in text)) or (
            # 来源：湖北日报 2020-02-03 08:30: no label, but a clock time and no sentence before it
            point.precise and not p["since_break"].search(lead.replace(":", "").replace("：", ""))
        ):
            self.found[-1] = mention._replace(header=True)

    def _in_page_head(self, mention: DatePartial, line: int) -> bool:
        """Whether the mention stands free in a short line that names a medium and tells nothing."""
        text, beside = self.text, self.sets["beside_a_stamp"]
        if self.line_end - line > 90 or mention.end > self.line_end:
            return False
        if (mention.start > line and text[mention.start - 1] not in beside) or (
            mention.end < self.line_end and text[mention.end] not in beside
        ):
            return False
        around = text[line : mention.start] + "  " + text[mention.end : self.line_end]
        tail = text[mention.end : self.line_end].strip()
        if mention.first.precise and mention.start == line > 0 and len(tail) <= _NAME_OF_MEDIUM and not any(c.isdigit() for c in tail):
            return self.p["sentence_signs"].search(around) is None  # 2020-03-05 12:10 环宇网综合: a time and a name under a title
        if line > 0 and not text[:line].rstrip("\n").count("\n") and text.startswith("\n", self.line_end + 1) and mention.start == line:
            name = self.p["name_under_title"].fullmatch(tail)  # 2020-02-23　瓯江观察: a day and a name between title and text
            if name is not None and (mention.first.year is not None or name["medium"]):
                return True
        cue = self.p["newspaper_head" if mention.rule == "month_day" else "medium"]
        return cue.search(around) is not None and self.p["sentence_signs"].search(around) is None

    def mark_since(self) -> None:
        """Mark the dates that 以来 follows, at once or a few characters later: 自2月8日运转以来."""
        text, found, gap_sign = self.text, self.found, self.p["since_break"]
        since = _data()["since"]
        at = text.find(since["word"])
        index = 0
        while at >= 0:
            while index < len(found) and found[index].end <= at:
                index += 1
            if index:
                mention = found[index - 1]
                gap = at - mention.end
                led = mention.start and text[mention.start - 1] in self.sets["from"]
                if gap <= since["gap"] * (2 if led else 1) and not mention.vague and not gap_sign.search(text, mention.end, at):
                    found[index - 1] = mention._replace(since=True)
            at = text.find(since["word"], at + 2)


def edges(text: str, start: int, end: int) -> tuple[str, str]:
    """What leads to, and what follows, a date from `start` to `end`, as `DatePartial.lead` and `.tail` have it."""
    return _grammar().edges(text, start, end)


_NAME_OF_MEDIUM: Final = 14  # characters

_MONTH_LENGTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_day(year: int | None, month: int, day: int) -> bool:
    """Whether a year has this month and day; with no year, whether any has.

    >>> is_day(2019, 2, 29), is_day(None, 2, 29), is_day(2020, 13, 1)
    (False, True, False)
    """
    if not (1 <= month <= 12 and 1 <= day <= _MONTH_LENGTHS[month - 1]):
        return False
    return (month, day) != (2, 29) or year is None or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def find_dates(text: str) -> tuple[list[DatePartial], list[Unclaimed]]:
    """Every date expression of a normalised text as far as the text states it, in order and without overlaps.

    What looks like a date and cannot be one (2月30日, 2月3日25时) is in the second list, with the reason. Survives any
    text; takes linear time. Which partials are dates of this text, and which days, says `resolve.resolve_dates`.

    >>> partials, _ = find_dates("截至2月3日24时，目前")
    >>> [(p.first.kind, p.first.month, p.first.day, p.first.clock, p.lead) for p in partials]
    [('day', 2, 3, '24:00', 'as_of'), ('now', None, None, None, '')]
    """
    finder = _Finder(text)
    finder.run()
    if finder.found:
        finder.mark_since()
    return finder.found, finder.unclaimed


def parse_partial(text: str) -> DatePartial:
    """Read `text`, which must be one date expression and nothing else.

    Raises:
        ValueError: it is none; the message quotes it with the fault in 【】.
    """
    finder = _Finder(text, strict=True)
    end = finder.expression(0) if text else 0
    if finder.unclaimed:
        fault = finder.unclaimed[0]
        raise ValueError(f"{fault.reason}: {text[: fault.start]}【{text[fault.start : fault.end]}】{text[fault.end :]}")
    if not end or not finder.found:
        raise ValueError(f"not a date expression: 【{text}】")
    if end < len(text):
        raise ValueError(f"text after the date expression: {text[:end]}【{text[end:]}】")
    return finder.found[0]
