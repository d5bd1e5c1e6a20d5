"""One article: from bytes to text, and from text to what stands around it: headers and datelines.

`decode` turns bytes into text without losing any; `read_article` reads title, publication time, medium and home region
from the text where nobody states them, and says on what basis.
"""

from __future__ import annotations

import codecs
import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from covid_timeline.mentions.dates import DatePartial, find_dates, parse_partial
from covid_timeline.mentions.resolve import nearest_year
from covid_timeline.model import Article
from covid_timeline.text.normalize import NormalizedText, normalize, strip_noise

__all__ = ["DEFAULT_ANCHOR", "ArticleError", "UnreadableError", "decode", "infer_anchor", "parse_moment", "read_article"]

DEFAULT_ANCHOR: Final = dt.date(2020, 3, 1)
"""The middle of the period that the project covers: stands in where a text names no date at all, and settles the year
where it names none."""


class ArticleError(ValueError):
    """A text that cannot be an article as it stands: empty, or with a header that states an impossible date."""


class UnreadableError(ValueError):
    """Bytes that are no text, or that no encoding reads without losses. `place` is where: "byte 17"."""

    def __init__(self, message: str, place: str) -> None:
        super().__init__(message)
        self.place = place


# --- bytes to text -------------------------------------------------------------------------------------------------

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The 3,755 common characters of GB 2312 (its level 1): nearly all of any Chinese text, a sixth of what a wrong
# encoding makes of one.
_COMMON: Final = frozenset(
    bytes((row, cell)).decode("gb2312")
    for row in range(0xB0, 0xD8)
    for cell in range(0xA1, 0xFF)
    if (row, cell) < (0xD7, 0xFA)
)
_COMMON_SHARE: Final = 0.6
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def decode(data: bytes, name: str = "") -> tuple[str, str]:
    """`(text, encoding)` of a file's bytes: UTF-8, UTF-16, UTF-32 or GB18030, strictly.

    A byte-order mark settles the encoding and is not part of the text; line ends stay as they are. Without one, text
    is UTF-8 if it can be, else GB18030 or UTF-16, whichever reads as Chinese. `name` is for the message.

    Raises:
        UnreadableError: the bytes hold NUL or fit no encoding as a whole.

    >>> decode("确诊3例".encode("gb18030"))
    ('确诊3例', 'gb18030')
    >>> decode(b"PK\\x00\\x03", "a.txt")
    Traceback (most recent call last):
        ...
    covid_timeline.sources.header.UnreadableError: a.txt: not a text: NUL at byte 2
    """
    where = f"{name}: " if name else ""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError as error:
                raise UnreadableError(
                    f"{where}not {encoding} as its mark says: byte {error.start}", f"byte {error.start}"
                ) from error
            break
    else:
        text, encoding = _detect(data, where)
    if "\0" in text:
        at = data.find(0)
        raise UnreadableError(f"{where}not a text: NUL at byte {at}", f"byte {at}")
    controls = _CONTROL.search(text)
    if controls is not None and len(_CONTROL.findall(text)) > len(text) // 50:
        at = controls.start()
        raise UnreadableError(
            f"{where}not a text: control characters from character {at} on", f"character {at}"
        )
    return text, encoding


def _detect(data: bytes, where: str) -> tuple[str, str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = error.start
    else:
        if "\0" not in text:
            return text, "utf-8"
        bad = data.index(0)
    # What is UTF-8 up to a damaged place is damaged UTF-8: GB18030 would read it as other characters without a word.
    sound = data[:bad].decode("utf-8")
    if b"\0" not in data and sum("\u3000" <= c <= "\u9fff" for c in sound[-2000:]) >= 3:
        raise UnreadableError(f"{where}not UTF-8: byte {bad} of {len(data)}", f"byte {bad}")
    readings: list[tuple[float, str, str]] = []
    for encoding in ("gb18030", "utf-16-le", "utf-16-be"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            readings.append((_common_share(text), text, encoding))
    readings.sort(key=lambda reading: -reading[0])
    if readings and readings[0][0] >= _COMMON_SHARE:
        return readings[0][1:]
    if b"\0" in data:
        raise UnreadableError(f"{where}not a text: NUL at byte {data.index(0)}", f"byte {data.index(0)}")
    try:
        data.decode("gb18030")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"{where}not UTF-8 (byte {bad}), not GB18030 (byte {error.start})", f"byte {bad}"
        ) from error
    raise UnreadableError(
        f"{where}not UTF-8 (byte {bad}), and not Chinese as GB18030 or UTF-16", f"byte {bad}"
    )


def _common_share(text: str) -> float:
    """Share of common characters among all that are not ASCII or Chinese punctuation."""
    sample = normalize(text[:20_000]).text
    rare = common = 0
    for character in sample:
        if character in _COMMON:
            common += 1
        elif character > "\u02ff" and not (
            "\u2000" <= character <= "\u303f" or "\uff00" <= character <= "\uffef"
        ):
            rare += 1
    return common / max(1, common + rare)


# --- the header: title, time, medium ---------------------------------------------------------------------------------


class _Line(NamedTuple):
    start: int  # in the normalised text
    text: str  # stripped


class _Stamp(NamedTuple):
    line: int  # index of its line
    time: dt.datetime
    before: str  # what stands before it in its line
    after: str
    weight: int


_HEAD: Final = 4000  # characters in which a header is looked for
_SITE: Final = re.compile(
    # lines that belong to the web site around an article
    r"[•·●◆■▪►>|丨<＞\d.\s]*$"
    r"|[•●◆■▪►]"
    r"|.*[:：]$"
    r"|.*(?:[>＞»].{0,20}(?:[>＞»]|正文))"
    r"|(?:移动|联通|电信)用户|(?:您|当前|现在|所在).{0,4}位置|责任?编辑?[:： ]|(?:相关|编辑|热门|精彩)(?:推荐|阅读|新闻|链接|热词)|今天是|现在是"
    r"|设为首页|加入收藏|扫一扫|扫码|扫描(?:有|二维码|下方)|手机(?:查看|看|版)|点击上方|长按(?:二维码|识别)|[上下]一(?:篇|条|页)|关注我们|返回(?:顶部|首页)|参与评论"
    # words that may open a headline too, where they stand alone
    r"|(?:搜索|首页|导航|菜单|登录|注册|打印|分享|收藏|字号|字体|大字体|小字体|放大|缩小|关闭|客户端|官方微信|官方微博|公众号|热搜|热点推荐|广告|无障碍|繁体|简体"
    r"|English|RSS|阅读|浏览|点击|评论|视频|图片|专题|点赞|转发|蓝字|原创|订阅|投稿|版权|下载)(?:[数量次]|次数)?(?:$|[\s:：|丨/>\d(（【\[])"
)
_LABEL: Final = re.compile(
    r"[\[【(（]?\s*(?:(?:文章|信息|稿件|新闻|内容|资料|图片)?来\s*源|稿源|转自|作\s*者|记\s*者|通讯员|编\s*辑|责\s*编|责任编辑|审核|校对|(?:发布|发表|发稿|更新|录入|发文|成文|公开|出版)?(?:时间|日期)"
    r"|发布(?:机构|单位|者|人)?|时间|日期|关键词|关键字|摘要|标签|供稿|撰稿|字号|浏览(?:次数|量)?|阅读(?:次数|量)?|索引号|文号|主题分类|类别|分类)\s*[:：]"
)
_ORIGINAL_TITLE: Final = re.compile(r"[(（【]?原标题\s*[:：]\s*(.{4,120}?)[)）】]?$")
_MENU: Final = re.compile(
    r"[^，。、：:；！？!?“”《》（）0-9]{1,6}(?:[ |丨/]+[^，。、：:；！？!?“”《》（）0-9]{1,6})+$"
)

_AFTER_STAMP: Final = re.compile(
    r"\s*(?:$|[|丨/\]】)）]|来\s*源|稿源|作者|编辑|责|发布|字|浏览|阅读|点击|分享|打印|星期|周[一二三四五六日]|访问|[\u3400-\u9fffA-Za-z.\-]{2,14}(?:$|\s))"
)
_BEFORE_STAMP: Final = re.compile(
    r"(?:发布|发表|发稿|更新|录入|发文|成文|公开|出版)?(?:时间|日期|于|表)\s*[:：]?\s*$|发布\s*[:：]?\s*$"
)
_HAN_WORD: Final = re.compile(r"[\u3400-\u9fff]{2}")
_CLOCK_OF_SITE: Final = re.compile(r"今天|现在|当前|版权|copyright|©|备案", re.IGNORECASE)
_ENGLISH_DATE: Final = re.compile(
    r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]{0,6}\b", re.IGNORECASE
)
_YEAR: Final = re.compile(r"(?<![0-9])20[0-9]{2}(?![0-9])")

_SOURCE: Final = re.compile(
    r"(?:(?:文章|信息|稿件|新闻|内容)?来\s?源|稿源|转自)\s*[:：丨|]\s*(?P<source>[^\s|丨]{0,40})"
)
_NEXT_LABEL: Final = re.compile(
    r"(?:作者|记者|通讯员|编辑|责任编辑|责编|发布|时间|日期|字体|字号|浏览|阅读|点击|打印|分享|大中小|[|丨,，;；。)）\]】]|20[0-9]{2}[-年/.])"
)
_DATELINE: Final = re.compile(
    r"[\s(（【\[*■●◎]*(?P<source>(?:[\u3400-\u9fffA-Za-z]{1,8}?(?:社|网|报|台|客户端|在线|新闻|云)|本报|本网|本台))"
    r"[\u3400-\u9fff、]{0,8}?\s?(?=[0-9]{1,4}[年月])"
)
_WIRE: Final = re.compile(r"\s?(?:电|讯|消息)")
_MEDIUM: Final = re.compile(
    r"[\u3400-\u9fffA-Za-z]{1,10}(?:日报|晚报|时报|晨报|早报|商报|快报|都市报|报|网|社|电视台|台|客户端|在线|新闻|发布|卫健委|卫生健康委)"
)


class _Dateline(NamedTuple):
    source: str
    date: DatePartial


def read_article(
    raw: str,
    *,
    doc_id: str,
    title: str | None = None,
    source: str | None = None,
    published: dt.datetime | dt.date | str | None = None,
    region: str | None = None,
    url: str | None = None,
    sha256: str | None = None,
    licence: str | None = None,
    may_republish: bool = True,
) -> Article:
    """An article ready for extraction; what is not given is read from the text.

    Args:
        raw: the decoded text, untouched.
        doc_id: key of the document in every table.
        title: headline; else the line above the time of publication, else the first line that is no site furniture.
        source: medium; else what follows 来源, else the agency of the wire dateline.
        published: time of publication in Asia/Shanghai; else from the header, the dateline or the closing line.
        region: home region, as a code or a name; else the place that title and text are about.
        sha256: of the raw bytes; else of the text in UTF-8.

    Raises:
        ArticleError: the text is empty, its header states a date that does not exist, or `published` is no date.
        ValueError: `region` is not in the gazetteer.
    """
    if not raw.strip("\ufeff\u200b \t\r\n\u3000\u00a0"):
        raise ArticleError(f"{doc_id}: the text is empty")
    title_basis = published_basis = region_basis = "sidecar"
    published_at = None if published is None else _given_time(published, doc_id)
    region_code = None if region is None else _given_region(region, doc_id)
    if title is None or source is None or published_at is None:
        header = _read_header(raw, doc_id, timed=published_at is not None)
        if title is None:
            title, title_basis = header.title, header.title_basis
        if source is None:
            source = header.source
        if published_at is None:
            published_at, published_basis = header.published_at, header.published_basis
    whole = None  # normalised, where more than the head of the text is needed
    if published_at is not None:
        anchor, anchor_basis = published_at.date(), "published"
    else:
        whole = normalize(raw).text
        anchor, anchor_basis = infer_anchor(whole), "inferred"
    if region is None:
        region_code, region_basis = _find_home(normalize(title).text, source, whole or normalize(raw).text)
    return Article(
        doc_id=doc_id,
        raw=raw,
        title=title,
        source=source,
        published_at=published_at,
        anchor_date=anchor,
        anchor_basis=anchor_basis,
        region_code=region_code,
        url=url,
        sha256=sha256 or hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest(),
        title_basis=title_basis,
        published_basis=published_basis,
        region_basis=region_basis,
        licence=licence,
        may_republish=may_republish,
    )


class _Header(NamedTuple):
    title: str
    title_basis: str
    source: str | None
    published_at: dt.datetime | None
    published_basis: str


def _read_header(raw: str, doc_id: str, *, timed: bool) -> _Header:
    """`timed`: the time of publication is known; where it is not, an impossible date is an error."""
    head = normalize(raw[:_HEAD])
    lines = list(_lines(head.text))
    stamp = _find_stamp(lines, doc_id, strict=not timed)
    title, title_basis = _find_title(head, lines, stamp, doc_id)
    dateline = _find_dateline(lines)
    source = _find_source(head, lines, stamp)
    if source is None and dateline is not None and not dateline.source.startswith("本"):
        source = dateline.source
    if stamp is not None:
        return _Header(title, title_basis, source, stamp.time, "header")
    if timed:
        return _Header(title, title_basis, source, None, "none")
    moment = _closing_date(normalize(raw[-_HEAD:]).text)
    if moment is None and dateline is not None:
        moment = _dateline_date(dateline, normalize(raw).text)
    return _Header(title, title_basis, source, moment, "none" if moment is None else "dateline")


def _lines(text: str) -> Iterator[_Line]:
    at = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            yield _Line(at + line.index(stripped[0]), stripped)
        at += len(line) + 1


def _is_prose(line: str) -> bool:
    return len(line) > 60 and ("。" in line or "，" in line or "," in line)


def _find_stamp(lines: list[_Line], doc_id: str, *, strict: bool) -> _Stamp | None:
    """The header line with the time of publication; of several, the one most clearly marked, then the first."""
    best: _Stamp | None = None
    other: _Stamp | None = None
    prose = 0
    for index, (_, text) in enumerate(lines):
        if _is_prose(text):
            prose += 1
            if prose == 2:  # one may be a summary above the header
                break
            continue
        if len(text) > 120:
            continue
        dated = _first_full_date(text) if "年" in text or _YEAR_FIRST.search(text) else None
        if (dated is not None or _YEAR.search(text)) and _CLOCK_OF_SITE.search(text):
            continue
        if dated is None:
            if other is None and len(text) <= 60 and _YEAR.search(text) and _may_be_elsewhere(text):
                time = _parse_elsewhere(text)
                other = _Stamp(index, time, "", "", 1) if time else None
            continue
        start, end, date = dated
        before, after = text[:start], text[end:]
        clock = date is not None and date.first.clock is not None
        label = bool(_BEFORE_STAMP.search(before) or (_LABEL.search(before)))
        if before and not label and not before[-1].isspace() and before[-1] not in "|丨/[(（【":
            continue
        if not clock and not label and not _AFTER_STAMP.match(after):
            continue
        if after[:1] in {"，", "。", "、", ",", "至", "起", "前", "以"} or "。" in text:
            continue
        weight = 2 * clock + 2 * label + bool(_SOURCE.search(after)) + (not before and not after.strip())
        if prose and weight < 2:  # a bare date below the first paragraph signs the text
            continue
        if best is None or weight > best.weight:
            if date is None:
                if strict and weight:
                    raise ArticleError(f"{doc_id}: the header states a date that does not exist: {text[:60]!r}")
                continue
            half = _HALF_DAY.match(after)
            time = _time_of(date) if half is None else _parse_elsewhere(text[start : end + half.end()])
            best = _Stamp(index, time or _time_of(date), before.strip(), after.strip(), weight)
    return best or other


def _moment(year: int, month: int, day: int, *clock: int) -> dt.datetime:
    # Times of publication are Shanghai time without a zone, as the contract has them.
    return dt.datetime(year, month, day, *clock)  # type: ignore[arg-type]  # noqa: DTZ001


def _first_full_date(text: str) -> tuple[int, int, DatePartial | None] | None:
    """The first day with a year in a line, and where it stands; no partial for one that does not exist."""
    found, refused = find_dates(text)
    for date in found:
        if date.first.kind == "day" and date.first.year is not None:
            if refused and refused[0].start < date.start:
                break
            end = date.first.end if date.last is not None else date.end
            return date.start, end, date
    for one in refused:
        if _YEAR_FIRST.match(text, one.start):
            return one.start, one.end, None
    return None


def _time_of(date: DatePartial) -> dt.datetime:
    """The moment that a day with a year and perhaps a clock time is; 24:00 is the end of the day, kept on it."""
    point = date.first
    hour, minute, *second = (int(part) for part in (point.clock or "0:0").split(":"))
    if hour == 24:
        hour, minute = 23, 59
    return _moment(point.year or 0, point.month or 1, point.day or 1, hour, minute, *second)


def parse_moment(text: str) -> dt.datetime | None:
    """A day or time of publication, and nothing else, in whatever form -> Shanghai time without a zone; else None.

    ISO 8601 first, then the date grammar of `mentions`, then dateparser: what is written in English or with a zone.

    >>> parse_moment("2020年2月5日下午4点20分"), parse_moment("Wed, 05 Feb 2020 08:19:40 GMT")
    (datetime.datetime(2020, 2, 5, 16, 20), datetime.datetime(2020, 2, 5, 16, 19, 40))
    """
    text = normalize(text).text.strip()
    try:
        return _in_shanghai(dt.datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        pass
    try:
        date = parse_partial(text)
    except ValueError:
        if len(text) > 60 or not _YEAR.search(text) or find_dates(text)[1]:
            return None
        return _parse_elsewhere(text) if _may_be_elsewhere(text) or _HALF_DAY.search(text) else None
    if date.first.kind != "day" or date.first.year is None or date.last is not None:
        return None
    return _time_of(date)


_YEAR_FIRST: Final = re.compile(r"(?:19|20)[0-9]{2}|[一二][〇零○OＯ0九]")
_HALF_DAY: Final = re.compile(r"\s?[AP]\.?M\b\.?", re.IGNORECASE)
_FIGURES_ELSEWHERE: Final = re.compile(r"(?<![0-9])([0-9]{1,2})([/.])([0-9]{1,2})\2(?:19|20)[0-9]{2}(?![0-9])")


def _may_be_elsewhere(text: str) -> bool:
    """Whether a line may hold a date for dateparser: an English month, or 20/08/2020 where it can be read in one way."""
    if _ENGLISH_DATE.search(text):
        return True
    figures = _FIGURES_ELSEWHERE.search(text)
    return figures is not None and (int(figures[1]) > 12 or int(figures[3]) > 12 or figures[1] == figures[3])


_DATEPARSER_LABEL: Final = re.compile(
    r"^[^0-9:：]{0,30}[:：]\s*|^(?:published|posted|updated)(?:\s+(?:on|at))?\s+", re.IGNORECASE
)


def _parse_elsewhere(text: str) -> dt.datetime | None:
    """A header date in a form that no rule knows, read by dateparser: Mar 5, 2020 12:30 PM."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dateparser

        found = dateparser.parse(
            _DATEPARSER_LABEL.sub("", text),
            languages=["en", "zh"],
            # A full date or nothing; with a fixed base the clock is never read.
            settings={"STRICT_PARSING": True, "RELATIVE_BASE": _moment(2020, 3, 1), "DATE_ORDER": "DMY"},
        )
    if found is None:
        return None
    return _in_shanghai(found)


def _in_shanghai(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


def _given_time(published: dt.datetime | dt.date | str, doc_id: str) -> dt.datetime:
    if isinstance(published, dt.datetime):
        return _in_shanghai(published)
    if isinstance(published, dt.date):
        return _moment(published.year, published.month, published.day)
    found = parse_moment(published)
    if found is not None:
        return found
    _, refused = find_dates(normalize(published).text)
    if refused:
        raise ArticleError(f"{doc_id}: no such date of publication: 【{published}】 ({refused[0].reason})")
    raise ArticleError(f"{doc_id}: not a date of publication: 【{published}】")


def _own_words(text: NormalizedText, start: int, end: int) -> str:
    """A stretch in the article's own script, without noise."""
    first, last = text.raw_span(start, end)
    return " ".join(strip_noise(text.raw[first:last]).split())


def _is_title(text: str) -> bool:
    return (
        5 <= len(text) <= 90
        and not text.endswith(("。", "；", "，", ",", "、", ";"))
        and not text.startswith(("—", "--", "一一", "(", "（", "[", "【"))
        and not _is_furniture(text)
    )


def _is_furniture(text: str) -> bool:
    return bool(_SITE.match(text) or _LABEL.match(text) or _MENU.fullmatch(text))


def _find_title(
    head: NormalizedText, lines: list[_Line], stamp: _Stamp | None, doc_id: str
) -> tuple[str, str]:
    if stamp is not None:
        line = lines[stamp.line]
        if _is_title(stamp.before) and not _MEDIUM.fullmatch(stamp.before):
            return _own_words(head, line.start, line.start + len(stamp.before)), "header"
        for start, text in reversed(lines[: stamp.line]):
            if _is_title(text):
                return _own_words(head, start, start + len(text)), "header"
        for start, text in lines[stamp.line + 1 : stamp.line + 8]:
            if (original := _ORIGINAL_TITLE.match(text)) is not None:
                return _own_words(head, start + original.start(1), start + original.end(1)), "header"
            if _is_prose(text):
                break
            if _is_title(text) and not _DATELINE.match(text):
                return _own_words(head, start, start + len(text)), "header"
        for start, text in reversed(lines[: stamp.line]):  # a headline of few characters: 辟谣
            if _HAN_WORD.search(text) and not _is_furniture(text) and not _is_prose(text):
                return _own_words(head, start, start + min(len(text), 60)), "header"
        lines = [*lines[: stamp.line], *lines[stamp.line + 1 :]]  # the line of the date is no title
    for start, text in lines:
        if _is_title(text):
            return _own_words(head, start, start + len(text)), "first_line"
        if _is_prose(text):
            break
    for start, text in lines:
        if not _is_furniture(text):
            first = re.split("[。！？，,；;]", text, maxsplit=1)[0] or text
            return _own_words(head, start, start + min(len(first), 60)) or doc_id, "first_line"
    start, text = lines[0] if lines else (0, "")
    return (_own_words(head, start, start + min(len(text), 60)) if text else "") or doc_id, "first_line"


def _find_source(head: NormalizedText, lines: list[_Line], stamp: _Stamp | None) -> str | None:
    near = (
        range(max(0, stamp.line - 4), min(len(lines), stamp.line + 6))
        if stamp
        else range(min(len(lines), 12))
    )
    for index in near:
        start, text = lines[index]
        if _is_prose(text):
            continue
        match = _SOURCE.search(text) if "源" in text or "转自" in text else None
        if match is None:
            continue
        value = match["source"]
        at = start + match.start("source")
        if not value:  # 来源: on a line of its own, the medium on the next
            if text[match.end() :].strip() or index + 1 >= len(lines):
                continue
            at, value = lines[index + 1]
            if _LABEL.match(value) or len(value) > 30:
                continue
        cut = _NEXT_LABEL.search(value)
        value = value[: cut.start()] if cut else value
        if 2 <= len(value) <= 30 and not value.startswith(("http", "www")):
            return _own_words(head, at, at + len(value))
    if stamp is not None:  # 北京日报 2020-02-28 10:00
        line = lines[stamp.line]
        for beside in (stamp.before, stamp.after):
            if beside and _MEDIUM.fullmatch(beside):
                at = line.start + line.text.index(beside)
                return _own_words(head, at, at + len(beside))
    return None


def _find_dateline(lines: list[_Line]) -> _Dateline | None:
    for _, text in lines[:30]:
        match = _DATELINE.match(text)
        if match is None:
            continue
        found = find_dates(text[: match.end() + 24])[0]
        date = next((one for one in found if one.start == match.end()), None)
        if date is not None and date.first.kind == "day" and date.first.month and _WIRE.match(text, date.end):
            return _Dateline(match["source"], date)
    return None


def _dateline_date(dateline: _Dateline, text: str) -> dt.datetime | None:
    point = dateline.date.first
    month, day = point.month or 1, point.day or 1
    if point.year is not None:
        return _time_of(dateline.date)
    full = [date for year, one, two in _stated(text) if year and one and (date := _date(year, one, two or 1))]
    found = nearest_year(max(full) if full else DEFAULT_ANCHOR, month, day)
    return _moment(found.year, found.month, found.day) if found else None


def _closing_date(text: str) -> dt.datetime | None:
    """A date alone on one of the last lines, as notices are signed."""
    tail = [line.strip() for line in text[-400:].split("\n") if line.strip()][-4:]
    for line in reversed(tail):
        if _is_prose(line):
            break
        signed = line.strip("()（） ")
        dated = _first_full_date(signed) if len(signed) <= 30 else None
        if dated is not None and dated[2] is not None and (dated[0], dated[1]) == (0, len(signed)):
            return _time_of(dated[2])
    return None


# --- the anchor of a text that does not say when it was published -----------------------------------------------------

# A date that the text only looks forward to says nothing about when it was written.
_AHEAD_AFTER: Final = re.compile(r"\s?(?:[24零0]{1,2}[时点])?(?:之前|以前|前|截止|止|底)")
_AHEAD_BEFORE: Final = re.compile(
    r"(?:延长|推迟|延期|顺延|延|预计|将于|将在|定于|计划|争取|力争|确保|有效期)[至到于在]?$"
)
_AFTER: Final = dt.timedelta(days=92)
_BEFORE: Final = dt.timedelta(days=273)


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _is_ahead(text: str, start: int, end: int) -> bool:
    return bool(
        _AHEAD_AFTER.match(text, end, end + 6) or _AHEAD_BEFORE.search(text[max(0, start - 4) : start])
    )


def _stated(text: str) -> Iterator[tuple[int | None, int | None, int | None]]:
    """(year, month, day) of the dates in figures that a text does not only look forward to."""
    for partial in find_dates(text)[0]:
        if _is_ahead(text, partial.start, partial.end):
            continue
        for point in (partial.first, partial.last):
            if point is None or point.unit or point.kind not in ("day", "month", "year"):
                continue
            if point.kind == "day" and point.month is None:
                if point is partial.last and partial.first.kind == "day" and partial.first.month:
                    yield partial.first.year, partial.first.month, point.day
                continue
            yield point.year, point.month, point.day


def infer_anchor(text: str) -> dt.date:
    """The day that a text without time of publication was most likely written on.

    The latest date that it states with year, or a later one without: a month and day count when they lie within three
    months after the latest date found so far (else they belong to the year before). Dates that the text only looks
    forward to (前, 延长至, 预计) do not count. Where no year is stated, the one that brings each date nearest to
    `DEFAULT_ANCHOR` is taken; where no date is stated, `DEFAULT_ANCHOR` stands in.

    >>> infer_anchor("截至2020年3月8日,累计91例。1月20日…截止3月9日16时,排查30568人")
    datetime.date(2020, 3, 9)
    """
    stated = set(_stated(text))
    full = [date for year, month, day in stated if year and month and (date := _date(year, month, day or 1))]
    latest = max(full) if full else None
    days = sorted((month, day) for year, month, day in stated if not year and month and day)
    if latest is None:
        years = [year for year, month, _ in stated if year and not month and year >= 2000]
        near = DEFAULT_ANCHOR
        if years and near.year not in years:
            near = near.replace(year=max(years))
        dates = [date for month, day in days if (date := nearest_year(near, month, day))]
        return max(dates) if dates else near
    while True:
        later = [
            date
            for month, day in days
            for year in (latest.year, latest.year + 1)
            if (date := _date(year, month, day)) and latest < date <= latest + _AFTER
        ]
        if not later:
            return latest
        latest = min(later)


# --- the home region ---------------------------------------------------------------------------------------------------

_COUNTRY: Final = "100000"
_UNIT: Final = 1000  # weight of one naming in the text
# Before a place: help goes there, people come from there.
_ELSEWHERE: Final = re.compile("(?:援|支援|援助|驰援|赴|奔赴|抵达|前往|出征|来自|离开|返自|滞留)$")
_ELSEWHERE_LAST: Final = frozenset("援助赴达往征自开留\n")  # what ends one; $ stands before a last line break too
_NATION: Final = re.compile("全国|国内|国务院|国家卫")  # beside the names of the country that the gazetteer knows


def _given_region(region: str, doc_id: str) -> str:
    from covid_timeline.mentions.places import gazetteer

    try:
        return gazetteer().resolve(region)
    except ValueError as error:
        raise ValueError(f"{doc_id}: {error}") from error


def _find_home(title: str, source: str | None, text: str) -> tuple[str | None, str]:
    """The region that title and text are about: the most specific one that dominates what they name.

    Each naming counts for the place and for all that contain it, 我市 and 全区 for the place they stand for. The title
    weighs as much as the whole text, the medium a sixth of it. From the country down, the part that holds at least half
    of its whole is entered: a page on a city that sometimes names its province stays the city's, and one that names ten
    cities of a province is the province's.
    """
    in_title = _place_codes(title)
    in_text = _place_codes(text)
    beside = _place_codes(source) if source else {}
    total = _UNIT * sum(in_text.values())
    weights: dict[str, int] = {}
    for counts, weight in (
        (in_text, total),
        (in_title, max(3 * _UNIT, total)),
        (beside, max(2 * _UNIT, total // 6)),
    ):
        namings = sum(counts.values())
        for code, count in counts.items():
            weights[code] = weights.get(code, 0) + weight * count // namings
    home = _dominant(weights)
    if home is None:
        return None, "none"
    return home, "title" if home in in_title else "text"


def _place_codes(text: str) -> dict[str, int]:
    """How often each region is named; those that help is sent to, or people come from, are not whose text this is."""
    from covid_timeline.mentions.places import find_places

    named: dict[str, int] = {}
    elsewhere: set[str] = set()
    meant: dict[str, int] = {}  # by 我市, 全区
    divides = "其中" in text
    for place in find_places(text, None):
        if place.code is None:
            continue
        if place.kind == "home":
            if place.code != _COUNTRY:
                meant[place.code] = meant.get(place.code, 0) + 1
        elif text[place.start - 1 : place.start] in _ELSEWHERE_LAST and _ELSEWHERE.search(text, max(0, place.start - 3), place.start):
            elsewhere.add(place.code)
        elif divides and _depth(place.code) > 1 and _is_of_part(text, place.start):
            whole = _chain(place.code)[-2]
            named[whole] = named.get(whole, 0) + 1  # 聊城市累计38例，其中阳谷县3例: a part
        else:
            named[place.code] = named.get(place.code, 0) + 1
    for code, count in meant.items():
        if code in elsewhere and code not in named:  # 驰援武汉…我市: not Wuhan's
            peers = sorted(peer for peer in named if _depth(peer) == _depth(code))
            if peers:
                named[max(peers, key=named.__getitem__)] += count
        else:
            named[code] = named.get(code, 0) + count
    nation = len(_NATION.findall(text)) if "国" in text else 0
    if nation:
        named[_COUNTRY] = named.get(_COUNTRY, 0) + nation
    return named


def _is_of_part(text: str, position: int) -> bool:
    start = max(0, position - 60)
    return text.find("其中", max(text.rfind("。", start, position), start), position) >= 0


def _depth(code: str) -> int:
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


@lru_cache(maxsize=4096)
def _chain(code: str) -> tuple[str, ...]:
    """From the country down to the place."""
    from covid_timeline.mentions.places import gazetteer

    places = gazetteer()
    if code == _COUNTRY:
        return (_COUNTRY,)
    below = dict.fromkeys((code[:2] + "0000", code[:4] + "00", code))
    return (_COUNTRY, *(one for one in below if places.get(one) is not None))


def _dominant(weights: Mapping[str, int]) -> str | None:
    inside: dict[str, int] = {}  # weight of a place with all it contains
    parts: dict[str, set[str]] = {}
    for code, weight in weights.items():
        chain = _chain(code)
        for whole, part in pairwise(chain):
            parts.setdefault(whole, set()).add(part)
        for one in chain:
            inside[one] = inside.get(one, 0) + weight
    home = _COUNTRY
    while home in parts:
        part = max(sorted(parts[home]), key=inside.__getitem__)
        if 2 * inside[part] < inside[home]:
            break
        home = part
    if home == _COUNTRY and 2 * weights.get(_COUNTRY, 0) < inside.get(_COUNTRY, 0):
        return None
    return home if inside.get(home) else None
