"""sources/header.py: decoding, headers, anchors and home regions."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.sources import header as article
from covid_timeline.sources.header import (
    DEFAULT_ANCHOR,
    ArticleError,
    UnreadableError,
    decode,
    infer_anchor,
    parse_moment,
    read_article,
)

RAW = Path(__file__).parents[1] / "data" / "raw"
HANS = "山东省2月3日新增确诊病例5例，累计确诊1,230例。\r\n其中济南3例、青岛2例。"
HANT = "山東省2月3日新增確診病例5例，累計確診1,230例。\n其中濟南3例、青島2例。"
BODY = "　　2月3日，全市召开疫情防控工作会议，传达学习上级精神，安排部署下一步工作，要求各级各部门提高认识，落实责任，坚决打赢疫情防控阻击战。\n"


def at(*fields: int) -> dt.datetime:
    return dt.datetime(*fields)  # noqa: DTZ001


class TestDecode:
    @pytest.mark.parametrize("text", [HANS, HANT, "确诊3例", HANS * 200, "covid 3 cases\n"])
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-32"])
    def test_reads_what_was_written(self, text, encoding):
        assert decode(text.encode(encoding))[0] == text

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "gbk"])
    def test_without_a_mark(self, encoding):
        found, name = decode(HANS.encode(encoding))
        assert found == HANS
        assert name in {encoding, "gb18030"}

    def test_mark_is_no_part_of_the_text(self):
        assert decode(HANS.encode("utf-8-sig")) == (HANS, "utf-8-sig")

    def test_empty(self):
        assert decode(b"") == ("", "utf-8")

    UTF8 = HANS.encode()
    BAD = (
        ("cut in half a character", UTF8[:-1], "byte 96"),
        ("a stray byte", UTF8[:20] + b"\xff" + UTF8[20:], "byte 20"),
        ("half a GB18030 character", HANS.encode("gb18030")[:-1], "byte 2"),
        ("half a UTF-16 character", HANS.encode("utf-16")[:-1], "byte 82"),
        ("NUL in text", UTF8 + b"\0", "byte 99"),
        ("an image", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "byte 8"),
        ("control characters", bytes(range(1, 9)) * 10, "character 0"),
        ("another eight-bit encoding", ("a" * 100 + "é").encode("latin-1"), "byte 100"),
        ("Big5 reads as other characters", HANT.encode("big5"), "byte 0"),
    )

    @pytest.mark.parametrize(("data", "place"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
    def test_refuses(self, data, place):
        with pytest.raises(UnreadableError, match=r"^a\.txt: not ") as caught:
            decode(data, "a.txt")
        assert caught.value.place == place
        assert place in str(caught.value)

    @given(st.binary(max_size=200))
    def test_loses_nothing(self, data):
        try:
            text, encoding = decode(data)
        except UnreadableError:
            return
        bare = data
        for mark in (b"\xef\xbb\xbf", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xff\xfe", b"\xfe\xff"):
            if data.startswith(mark):
                bare = data[len(mark) :]
                break
        assert text.encode(encoding).endswith(bare) or text.encode(encoding + "-be").endswith(bare)


HEADERS = [
    # (name, head of the page, title, published, source)
    ("date, time, source", "某市交出答卷\n\n2020-03-05 12:30:00 来源:聊城日报 大字体 小字体\n打印\n", "某市交出答卷", at(2020, 3, 5, 12, 30), "聊城日报"),
    ("Chinese date", "某市交出答卷\n2020年02月25日09:11  来源:大众日报\n", "某市交出答卷", at(2020, 2, 25, 9, 11), "大众日报"),
    ("Traditional", "某市發布最新通報\n2020年02月25日09:11  來源：大眾日報\n", "某市發布最新通報", at(2020, 2, 25, 9, 11), "大眾日報"),
    ("slashes and time", "某市交出答卷\n2020/03/05 12:30\n", "某市交出答卷", at(2020, 3, 5, 12, 30), None),
    ("glued", "某市交出答卷\n2020-05-11 09:51:35来源:龙泉开发编辑:林霜\n", "某市交出答卷", at(2020, 5, 11, 9, 51, 35), "龙泉开发"),
    ("label", "某市交出答卷\n发布时间：2020-02-03 08:00\n来源：市卫健委\n", "某市交出答卷", at(2020, 2, 3, 8), "市卫健委"),
    ("label, date alone", "某市交出答卷\n日期：2020年2月3日\n", "某市交出答卷", at(2020, 2, 3), None),
    ("broken over lines", "某市交出答卷\n\n2020\n\n/ 04/29\n来源:\n\n灯塔-党建在线\n\n作者:\n", "某市交出答卷", at(2020, 4, 29), "灯塔-党建在线"),
    ("source first", "某市交出答卷\n来源：新华网  2020-02-03 10:20:30\n", "某市交出答卷", at(2020, 2, 3, 10, 20, 30), "新华网"),
    ("source, bar, time", "某市交出答卷\n来源：央视网 | 2020年02月03日 10:20\n", "某市交出答卷", at(2020, 2, 3, 10, 20), "央视网"),
    ("dotted", "某市交出答卷\n2020.02.03 10:20\n", "某市交出答卷", at(2020, 2, 3, 10, 20), None),
    ("ISO", "某市交出答卷\n2020-02-03T10:20:30\n", "某市交出答卷", at(2020, 2, 3, 10, 20, 30), None),
    ("weekday", "某市交出答卷\n2020年2月3日 星期一\n", "某市交出答卷", at(2020, 2, 3), None),
    ("full-width", "某市交出答卷\n２０２０年２月３日　１０：２０\n", "某市交出答卷", at(2020, 2, 3, 10, 20), None),
    ("Chinese numerals", "某市交出答卷\n二〇二〇年二月十三日\n", "某市交出答卷", at(2020, 2, 13), None),
    ("entity spaces", "某市交出答卷\n2020-02-03&nbsp;10:20&nbsp;&nbsp;来源：齐鲁网\n", "某市交出答卷", at(2020, 2, 3, 10, 20), "齐鲁网"),
    ("afternoon", "某市交出答卷\n2020年2月3日 下午3:20\n", "某市交出答卷", at(2020, 2, 3, 15, 20), None),
    ("English", "某市交出答卷\nMar 5, 2020 12:30 PM\n", "某市交出答卷", at(2020, 3, 5, 12, 30), None),
    ("English, day first", "某市交出答卷\nPublished: 5 March 2020\n", "某市交出答卷", at(2020, 3, 5), None),
    ("title and date in one line", "某市交出答卷 2020-02-03 10:20\n", "某市交出答卷", at(2020, 2, 3, 10, 20), None),
    ("title below", "2020-02-03 10:20 来源：新华网\n某市交出答卷\n", "某市交出答卷", at(2020, 2, 3, 10, 20), "新华网"),
    ("subtitle between", "某市交出答卷\n——抗疫纪实\n2020-02-03 10:20\n", "某市交出答卷", at(2020, 2, 3, 10, 20), None),
    (
        "site furniture", "搜索 海报新闻 媒体矩阵\n大众网\n• 官方微博\n移动用户发送短信SD到10658000\n您的位置：首页 > 新闻 > 正文\n某市交出答卷\n2020-02-03 10:20\n字号：大 中 小\n",
        "某市交出答卷", at(2020, 2, 3, 10, 20), None,
    ),
    ("short headline", "辟谣\n2020-02-11 聊城日报\n", "辟谣", at(2020, 2, 11), "聊城日报"),
    ("headline of four characters", "各省通报\n2020-02-08 09:00\n", "各省通报", at(2020, 2, 8, 9), None),
    ("medium before the time", "某市交出答卷\n北京日报 2020-02-28 10:00\n", "某市交出答卷", at(2020, 2, 28, 10), "北京日报"),
    ("medium of a title's length", "某市交出答卷\n都市快报客户端 2020-02-28 10:00\n", "某市交出答卷", at(2020, 2, 28, 10), "都市快报客户端"),
    ("weekday between", "某市交出答卷\n2020-02-28 星期五 10:00\n", "某市交出答卷", at(2020, 2, 28, 10), None),
    ("day of the week, English", "某市交出答卷\nThu, 05 Mar 2020 04:30:00 GMT\n", "某市交出答卷", at(2020, 3, 5, 12, 30), None),
    ("day before month", "某市交出答卷\n20/08/2020 10:00\n", "某市交出答卷", at(2020, 8, 20, 10), None),
    ("half of the day behind", "某市交出答卷\n2020-03-05 08:30 PM\n", "某市交出答卷", at(2020, 3, 5, 20, 30), None),
    ("clock of the site", "今天是2020年3月9日 星期一\n某市交出答卷\n2020-02-03 10:20 来源：新华网\n", "某市交出答卷", at(2020, 2, 3, 10, 20), "新华网"),
]  # fmt: skip


class TestHeader:
    @pytest.mark.parametrize(
        ("head", "title", "published", "source"), [h[1:] for h in HEADERS], ids=[h[0] for h in HEADERS]
    )
    def test_forms(self, head, title, published, source):
        found = read_article(head + BODY * 2, doc_id="a", region="371500")
        assert (found.title, found.published_at, found.source) == (title, published, source)
        assert found.published_basis == "header"
        assert (found.anchor_date, found.anchor_basis) == (published.date(), "published")

    @pytest.mark.parametrize(
        "text",
        [
            "某市交出答卷\n2020年2月3日，武汉市新增确诊病例3例。\n",
            "某市交出答卷\n2020年2月3日0时至24时，新增3例\n",
            "某市交出答卷\n截至2020年2月3日24时\n",
            "某市交出答卷\n" + BODY * 2 + "2020-03-05 12:30:00\n" + BODY,  # far below the head of the page
        ],
    )
    def test_prose_is_no_header(self, text):
        found = read_article(text, doc_id="a", region="371500")
        assert found.published_at is None
        assert found.published_basis == "none"
        assert found.anchor_basis == "inferred"

    @pytest.mark.parametrize(
        ("text", "published", "source"),
        [
            ("答卷交出来了\n新华社武汉2月3日电 " + BODY, at(2020, 2, 3), "新华社"),
            ("答卷交出来了\n" + "　　鲁网3月5日讯 " + BODY, at(2020, 3, 5), "鲁网"),
            ("答卷交出来了\n（人民网北京12月31日电）" + BODY, at(2019, 12, 31), "人民网"),
            ("答卷交出来了\n本报济南2月3日讯 " + BODY, at(2020, 2, 3), None),
            ("关于加强防控的通告\n" + BODY + "市政府办公室\n2020年2月5日\n", at(2020, 2, 5), None),
            ("关于加强防控的通告\n" + BODY + "二〇二〇年二月五日", at(2020, 2, 5), None),
        ],
    )
    def test_dateline_and_closing_line(self, text, published, source):
        found = read_article(text, doc_id="a", region="371500")
        assert (found.published_at, found.source, found.published_basis) == (published, source, "dateline")

    def test_what_is_given_wins(self):
        found = read_article(
            "某市交出答卷\n2020-03-05 12:30:00 来源:聊城日报\n" + BODY,
            doc_id="a", title="题", source="报", published="2020-02-03", region="聊城市", url="u", sha256="s", licence="l", may_republish=False,
        )  # fmt: skip
        assert found.title == "题"
        assert found.source == "报"
        assert found.published_at == at(2020, 2, 3)
        assert found.region_code == "371500"
        assert (found.title_basis, found.published_basis, found.region_basis) == ("sidecar",) * 3
        assert (found.url, found.sha256, found.licence, found.may_republish) == ("u", "s", "l", False)

    @pytest.mark.parametrize(
        ("published", "expected"),
        [
            ("2020年2月3日 10:20", at(2020, 2, 3, 10, 20)),
            ("2020-02-03T10:20:00+00:00", at(2020, 2, 3, 18, 20)),  # to Shanghai time
            (dt.datetime(2020, 2, 3, 20, tzinfo=dt.UTC), at(2020, 2, 4, 4)),
            (dt.date(2020, 2, 3), at(2020, 2, 3)),
            ("Feb 3, 2020", at(2020, 2, 3)),
        ],
    )
    def test_given_times(self, published, expected):
        assert read_article(BODY, doc_id="a", published=published, region="371500").published_at == expected

    @pytest.mark.parametrize(
        ("text", "options", "message"),
        [
            ("", {}, "the text is empty"),
            (" \n\u3000\u200b\ufeff", {}, "the text is empty"),
            (
                "某市交出答卷\n2020-02-30 12:30:00 来源:聊城日报\n" + BODY,
                {},
                "a date that does not exist: '2020-02-30",
            ),
            ("某市交出答卷\n2020年13月1日 12:30\n" + BODY, {}, "a date that does not exist"),
            (BODY, {"published": "2020年2月30日"}, "no such date of publication: 【2020年2月30日】"),
            (BODY, {"published": "昨天"}, "not a date of publication: 【昨天】"),
        ],
    )
    def test_errors(self, text, options, message):
        with pytest.raises(ArticleError, match=r"^doc: ") as caught:
            read_article(text, doc_id="doc", region="371500", **options)
        assert message in str(caught.value)

    @pytest.mark.parametrize("region", ["亚特兰蒂斯", "999999"])
    def test_unknown_region(self, region):
        with pytest.raises(ValueError, match=f"doc: .*【{region}】"):
            read_article(BODY, doc_id="doc", region=region)

    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2020年2月5日下午4点20分", at(2020, 2, 5, 16, 20)), ("2020年2月5日16时19分40秒", at(2020, 2, 5, 16, 19, 40)),
            ("2020-02-05 16:19:40", at(2020, 2, 5, 16, 19, 40)), ("2020/2/5 16:19", at(2020, 2, 5, 16, 19)),
            ("二〇二〇年二月五日", at(2020, 2, 5)), ("2020-02-05T08:19:40Z", at(2020, 2, 5, 16, 19, 40)),
            ("5 February 2020 4:19 pm", at(2020, 2, 5, 16, 19)), ("Wed, 05 Feb 2020 08:19:40 GMT", at(2020, 2, 5, 16, 19, 40)),
            ("03/05/2020", None),  # the third of May or the fifth of March
            ("2020-13-01", None), ("2020年2月30日", None), ("昨天", None), ("2月5日", None), ("2020年2月3日至5日", None), ("", None),
        ],
    )  # fmt: skip
    def test_moments(self, text, moment):
        assert parse_moment(text) == moment

    @pytest.mark.parametrize("text", ["5 February 2020 4:19 pm", "Wed, 05 Feb 2020 08:19:40 GMT", "20/08/2020 10:00"])
    def test_what_no_rule_knows_is_left_to_dateparser(self, text, monkeypatch):
        assert parse_moment(text) is not None
        monkeypatch.setattr("dateparser.parse", lambda *args, **options: None)
        assert parse_moment(text) is None

    def test_title_without_a_headline(self):
        found = read_article(BODY, doc_id="a", region="371500")
        assert found.title == "2月3日"
        assert found.title_basis == "first_line"


class TestFurniture:
    LINES = (
        "搜索 海报新闻 媒体矩阵", "首页 | 新闻 | 视频", "• 大众网官方微信", "●", "移动用户发送短信SD到10658000", "当前位置：首页 > 要闻 > 正文",
        "山东手机报订阅方式:", "来源：新华网", "作者:", "责任编辑：李某", "字号：大 中 小", "打印", "扫码带走", "相关推荐 换一换", "发布时间：2020", "【来源：大众日报】",
    )  # fmt: skip
    TITLES = (
        "面对疫情大考,聊城交出“硬核”答卷", "济南先行区:万众一心全力奋战抗击疫情 汇聚起众志成城的强大战“疫”力量", "以龙泉驿决心和行动奋力夺取“双胜利”",
        "坚持党的领导 是战胜 “疫”情和一切困难的法宝", "2月3日山东新增确诊3例", "作者谈抗疫", "来源不明病例增加", "视频连线援鄂医疗队",
    )  # fmt: skip

    @pytest.mark.parametrize("line", LINES)
    def test_is_furniture(self, line):
        assert article._is_furniture(line)

    @pytest.mark.parametrize("line", TITLES)
    def test_is_title(self, line):
        assert article._is_title(line)


class TestAnchor:
    @pytest.mark.parametrize(
        ("text", "anchor"),
        [
            ("截至2020年3月8日,累计91例。1月20日…截止3月9日16时,排查30568人", (2020, 3, 9)),
            ("2020年1月23日封城。到12月31日的报告", (2020, 1, 23)),  # the December before
            ("2019年12月31日通报。1月20日响应,3月9日,4月8日解封", (2020, 4, 8)),  # in steps of three months
            ("2020年2月5日开会。假期延长至2月20日,3月1日前完成", (2020, 2, 5)),  # looked forward to
            ("2020年2月5日,要求2020年12月31日前完成", (2020, 2, 5)),
            ("2020-02-05发布", (2020, 2, 5)),
            ("1月25日,12月31日", (2020, 1, 25)),
            ("2020年的寒假,1月20日", (2020, 1, 20)),
            ("2021年,3月5日", (2021, 3, 5)),
            ("2020年2月30日,2月5日", (2020, 2, 5)),  # no such day
            ("2月30日", DEFAULT_ANCHOR.timetuple()[:3]),
            ("没有日期", DEFAULT_ANCHOR.timetuple()[:3]),
        ],
    )
    def test_inferred(self, text, anchor):
        assert infer_anchor(text) == dt.date(*anchor)


class TestHome:
    @pytest.mark.parametrize(
        ("text", "code", "basis"),
        [
            ("聊城交出答卷\n聊城市与山东省通报：聊城3例，援助武汉。", "371500", "title"),
            ("山东交出答卷\n山东省通报：济南3例、青岛2例、烟台1例、聊城1例。", "370000", "title"),
            ("交出答卷来了\n河南省商丘市通报，商丘3例。湖北返乡人员。", "411400", "text"),
            ("援助前线来了\n聊城市9名医护人员驰援武汉。我市再派3人，全市动员，我市医院。", "371500", "text"),
            ("全国确诊病例通报\n湖北3例、河南2例、山东1例、湖南1例。", "100000", "title"),
            ("没有地名的标题\n新增3例。", None, "none"),
        ],
    )
    def test_found(self, text, code, basis):
        found = read_article(text, doc_id="a")
        assert (found.region_code, found.region_basis) == (code, basis)


@pytest.mark.parametrize(
    ("stem", "title", "source", "published", "anchor", "region"),
    [
        ("liaocheng", "面对疫情大考,聊城交出“硬核”答卷", "聊城日报", at(2020, 3, 5, 12, 30), (2020, 3, 5), "371500"),
        ("shandong", "山東貫徹落實習近平總書記重要指示堅決打好打贏疫情防控人民戰爭總體戰阻擊戰", "大眾日報", at(2020, 2, 25, 9, 11), (2020, 2, 25), "370000"),
        ("jinan-xianxingqu", "济南先行区:万众一心全力奋战抗击疫情 汇聚起众志成城的强大战“疫”力量", "灯塔-党建在线", at(2020, 4, 29), (2020, 4, 29), "370100"),
        ("shangqiu", "堅持黨的領導 是戰勝 “疫”情和一切困難的法寶", None, None, (2020, 3, 9), "411400"),
        ("longquanyi", "以龙泉驿决心和行动奋力夺取“双胜利”", "龙泉开发", at(2020, 5, 11, 9, 51, 35), (2020, 5, 11), "510112"),
    ],
)  # fmt: skip
def test_the_five_articles(
    stem, title, source, published, anchor, region
):
    data = (RAW / f"{stem}.txt").read_bytes()
    raw, encoding = decode(data)
    found = read_article(raw, doc_id=stem)
    assert encoding == "utf-8"
    assert found.raw == raw
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    assert (found.title, found.source, found.published_at) == (title, source, published)
    assert (found.anchor_date, found.region_code) == (dt.date(*anchor), region)
    assert found.anchor_basis == ("published" if published else "inferred")


@given(st.text() | st.text("2020年月日-/:0123 \n来源：聊城电讯", max_size=80))
def test_any_text(text):
    try:
        found = read_article(text, doc_id="a", region="371500")
    except ArticleError:
        return
    assert found.title


@pytest.mark.parametrize(
    "unit", ["9", "2020年", "1月2日", "2020-", "来源:", "> ", "新华社", "标题\n", "2020-02-03 ", "本报"]
)
def test_long_repeats_end(unit):
    text = unit * (200_000 // len(unit))
    assert read_article(text, doc_id="a", region="371500").doc_id == "a"
