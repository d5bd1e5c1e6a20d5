"""Lunar dates, festivals, public holidays and solar terms of 2018 to 2022 as calendar dates.

A small table instead of a dependency: the articles are of early 2020 and look back and ahead by two years at most.
Lunar months: Purple Mountain Observatory calendar. Public holidays and the Spring Festival travel season (春运): the
yearly notices of the State Council General Office and the National Development and Reform Commission.

>>> lunar_day(2020, 1, 15)
datetime.date(2020, 2, 8)
>>> solar_term(2020, "惊蛰")
datetime.date(2020, 3, 5)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

__all__ = ["FESTIVALS", "FIRST_YEAR", "LAST_YEAR", "SOLAR_TERMS", "holiday", "lunar_day", "solar_term", "travel_season"]

# The first day of each lunar month 1 to 12 as (month, day); months 11 and 12 may fall in the year after. A leap month
# is left out: no festival lies in one (2020 has a leap fourth month from May 23).
_MONTHS: dict[int, str] = {
    2018: "0216 0317 0416 0515 0614 0713 0811 0910 1009 1108 1207 0106",
    2019: "0205 0307 0405 0505 0603 0703 0801 0830 0929 1028 1126 1226",
    2020: "0125 0223 0324 0423 0621 0721 0819 0917 1017 1115 1215 0113",
    2021: "0212 0313 0412 0512 0610 0710 0808 0907 1006 1105 1204 0103",
    2022: "0201 0303 0401 0501 0530 0629 0729 0827 0926 1025 1124 1223",
}
_NEW_YEAR_2023: Final = dt.date(2023, 1, 22)
FIRST_YEAR, LAST_YEAR = 2018, 2022  # lunar years that the tables cover


def _month_starts(year: int, text: str) -> tuple[dt.date, ...]:
    return tuple(
        dt.date(year + (i >= 10 and start < "0201"), int(start[:2]), int(start[2:])) for i, start in enumerate(text.split())
    )


_STARTS: Final = {year: _month_starts(year, text) for year, text in _MONTHS.items()}


def lunar_day(year: int, month: int, day: int) -> dt.date:
    """Calendar date of a day of lunar `year`. Day 0 of month 1 is New Year's Eve (除夕, the last day of the year before).

    Raises:
        ValueError: the year is outside 2018-2022, or the month has no such day.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"lunar year {year} is outside {FIRST_YEAR}-{LAST_YEAR}")
    if not (1 <= month <= 12 and 0 <= day <= 30):
        raise ValueError(f"no day {day} in lunar month {month}")
    found = _STARTS[year][month - 1] + dt.timedelta(days=day - 1)
    if day == 30 and lunar_month_length(year, month) == 29:
        raise ValueError(f"lunar month {month} of {year} has 29 days")
    return found


def lunar_month_length(year: int, month: int) -> int:
    """29 or 30, for lunar months 1 to 12 of 2018-2022 that no leap month follows (else the leap month is 29 or 30)."""
    starts = _STARTS[year]
    if month < 12:
        following = starts[month]
    else:
        following = _STARTS[year + 1][0] if year + 1 in _STARTS else _NEW_YEAR_2023
    days = (following - starts[month - 1]).days
    return days if days <= 30 else 30


# Day of the month of the 24 terms, from the usual rule for the 21st century: floor(0.2422 y + c) - floor(y / 4), with y
# the last two digits of the year (less one in the second term for the months January and February).
SOLAR_TERMS: dict[str, tuple[int, float]] = {
    "小寒": (1, 5.4055), "大寒": (1, 20.12), "立春": (2, 3.87), "雨水": (2, 18.73), "惊蛰": (3, 5.63), "春分": (3, 20.646),
    "清明": (4, 4.81), "谷雨": (4, 20.1), "立夏": (5, 5.52), "小满": (5, 21.04), "芒种": (6, 5.678), "夏至": (6, 21.37),
    "小暑": (7, 7.108), "大暑": (7, 22.83), "立秋": (8, 7.5), "处暑": (8, 23.13), "白露": (9, 7.646), "秋分": (9, 23.042),
    "寒露": (10, 8.318), "霜降": (10, 23.438), "立冬": (11, 7.438), "小雪": (11, 22.36), "大雪": (12, 7.18), "冬至": (12, 21.94),
}  # fmt: skip


def solar_term(year: int, name: str) -> dt.date:
    """Calendar date of a solar term (节气).

    Raises:
        KeyError: no such term.
        ValueError: the year is outside 2017-2025.
    """
    if not 2017 <= year <= 2025:
        raise ValueError(f"year {year} is outside 2017-2025")
    month, constant = SOLAR_TERMS[name]
    y = year % 100
    leaps = (y - 1) // 4 if month <= 2 else y // 4
    day = int(y * 0.2422 + constant) - leaps
    if (year, name) in {(2019, "小寒"), (2021, "冬至")}:  # the rule's exceptions within 2017-2025: each a day early
        day -= 1
    return dt.date(year, month, day)


FESTIVALS: dict[str, Callable[[int], dt.date]] = {
    "元旦": lambda y: dt.date(y, 1, 1),
    "腊八节": lambda y: lunar_day(y - 1, 12, 8),
    "小年": lambda y: lunar_day(y - 1, 12, 23),
    "除夕": lambda y: lunar_day(y, 1, 0),
    "春节": lambda y: lunar_day(y, 1, 1),
    "元宵节": lambda y: lunar_day(y, 1, 15),
    "情人节": lambda y: dt.date(y, 2, 14),
    "龙抬头": lambda y: lunar_day(y, 2, 2),
    "妇女节": lambda y: dt.date(y, 3, 8),
    "植树节": lambda y: dt.date(y, 3, 12),
    "清明节": lambda y: solar_term(y, "清明"),
    "劳动节": lambda y: dt.date(y, 5, 1),
    "青年节": lambda y: dt.date(y, 5, 4),
    "护士节": lambda y: dt.date(y, 5, 12),
    "儿童节": lambda y: dt.date(y, 6, 1),
    "端午节": lambda y: lunar_day(y, 5, 5),
    "七夕": lambda y: lunar_day(y, 7, 7),
    "中秋节": lambda y: lunar_day(y, 8, 15),
    "教师节": lambda y: dt.date(y, 9, 10),
    "国庆节": lambda y: dt.date(y, 10, 1),
    "重阳节": lambda y: lunar_day(y, 9, 9),
    "圣诞节": lambda y: dt.date(y, 12, 25),
}
"""Festival -> its date in a year (a calendar year; 小年 and 除夕 belong to the new year that they lead to)."""

# First and last day; for 春节 2020 the first plan and, third, the end after the extension of January 27.
_HOLIDAYS: dict[tuple[int, str], str] = {
    (2019, "春节"): "0204 0210", (2020, "春节"): "0124 0130 0202", (2021, "春节"): "0211 0217",
    (2019, "清明节"): "0405 0407", (2020, "清明节"): "0404 0406", (2021, "清明节"): "0403 0405",
    (2019, "劳动节"): "0501 0504", (2020, "劳动节"): "0501 0505", (2021, "劳动节"): "0501 0505",
    (2019, "端午节"): "0607 0609", (2020, "端午节"): "0625 0627", (2021, "端午节"): "0612 0614",
    (2019, "中秋节"): "0913 0915", (2020, "中秋节"): "1001 1008", (2021, "中秋节"): "0919 0921",
    (2019, "国庆节"): "1001 1007", (2020, "国庆节"): "1001 1008", (2021, "国庆节"): "1001 1007",
}  # fmt: skip
_TRAVEL: Final = {2019: "0121 0301", 2020: "0110 0218", 2021: "0128 0308"}


def holiday(year: int, festival: str, *, extended: bool = False) -> tuple[dt.date, dt.date]:
    """First and last day of the public holiday around a festival; the festival's own day where no plan is tabled.

    `extended`: with the days that the State Council added on 2020-01-27 (春节期间 as people lived it), else as planned.

    Raises:
        KeyError: no such festival.
        ValueError: a lunar festival outside the tables.
    """
    days = _HOLIDAYS.get((year, festival))
    if days is None:
        day = FESTIVALS[festival](year)
        return day, day
    first, last, *more = (dt.date(year, int(d[:2]), int(d[2:])) for d in days.split())
    return first, more[0] if extended and more else last


def travel_season(year: int) -> tuple[dt.date, dt.date]:
    """First and last day of 春运.

    Raises:
        KeyError: the year is outside 2019-2021.
    """
    first, last = (dt.date(year, int(d[:2]), int(d[2:])) for d in _TRAVEL[year].split())
    return first, last
