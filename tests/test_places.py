"""The gazetteer and the place finder."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covid_timeline.mentions import places
from covid_timeline.mentions.places import Region, find_places, gazetteer, name_rules, region_table

SHARED = Path(__file__).parents[2] / "shared"


def codes(text: str, home: str | None = None) -> list[str | None]:
    return [place.code for place in find_places(text, home)]


def spans(text: str, home: str | None = None) -> list[tuple[str, str | None, str]]:
    return [(text[p.start : p.end], p.code, p.kind) for p in find_places(text, home)]


class TestTable:
    def test_sizes(self) -> None:
        current = [
            row
            for row in region_table()
            if row.valid_on(places.REFERENCE_DATE) and row.region_code[:2] != "99"
        ]
        levels = Counter(row.level for row in current)
        assert levels["country"] == 1
        assert levels["province"] == 34
        assert sum(row.region_code.endswith("00") for row in current if row.level == "prefecture") == 333
        assert 2800 < levels["county"] + levels["prefecture"] - 333 < 2860

    def test_keys(self) -> None:
        rows = region_table()
        assert len({(row.region_code, row.valid_from) for row in rows}) == len(rows)
        by_code = {row.region_code for row in rows}
        ranks = ["country", "province", "prefecture", "county"]
        for row in rows:
            assert len(row.region_code) == 6
            assert row.region_code.isdigit()
            assert row.name == row.name.strip() and row.name_en and row.short_name
            assert (row.parent_code is None) == (row.level == "country")
            assert row.successor_code is None or row.successor_code in by_code
            assert row.valid_from is None or row.valid_to is None or row.valid_from <= row.valid_to
            if row.parent_code is not None:
                parent = gazetteer().get(row.parent_code)
                assert parent is not None
                assert ranks.index(parent.level) < ranks.index(row.level)

    def test_periods_of_a_code_do_not_overlap(self) -> None:
        periods: dict[str, list[Region]] = {}
        for row in region_table():
            periods.setdefault(row.region_code, []).append(row)
        for rows in periods.values():
            for first, second in pairwise(rows):
                assert first.valid_to is not None and second.valid_from is not None
                assert first.valid_to < second.valid_from

    @pytest.mark.parametrize(
        ("code", "name", "level", "parent", "english"),
        [
            ("100000", "中国", "country", None, "China"),
            ("110105", "朝阳区", "county", "110000", "Chaoyang"),
            ("370116", "莱芜区", "county", "370100", "Laiwu"),
            ("371500", "聊城市", "prefecture", "370000", "Liaocheng"),
            ("371503", "茌平区", "county", "371500", "Chiping"),
            ("429004", "仙桃市", "prefecture", "420000", "Xiantao"),
            ("419001", "济源市", "prefecture", "410000", "Jiyuan"),
            ("659010", "胡杨河市", "prefecture", "650000", "Huyanghe"),
            ("330383", "龙港市", "county", "330300", "Longgang"),
            ("360113", "红谷滩区", "county", "360100", "Honggutan"),
            ("500241", "秀山土家族苗族自治县", "county", "500000", "Xiushan"),
            ("610000", "陕西省", "province", "100000", "Shaanxi"),
            ("341500", "六安市", "prefecture", "340000", "Lu'an"),
            ("150100", "呼和浩特市", "prefecture", "150000", "Hohhot"),
            ("130726", "蔚县", "county", "130700", "Yu County"),
            ("330103", "下城区", "county", "330100", "Xiacheng"),
        ],
    )
    def test_rows_of_early_2020(
        self, code: str, name: str, level: str, parent: str | None, english: str
    ) -> None:
        row = gazetteer().get(code, dt.date(2020, 3, 31))
        assert row is not None
        assert (row.name, row.level, row.parent_code, row.name_en) == (name, level, parent, english)

    @pytest.mark.parametrize(
        ("code", "day", "valid"),
        [
            ("371200", "2020-03-31", False),
            ("371200", "2018-06-01", True),
            ("370116", "2018-06-01", False),
            ("371523", "2019-06-26", True),
            ("371523", "2019-06-27", False),
            ("371503", "2019-06-27", True),
            ("659010", "2019-01-01", False),
            ("370684", "2020-05-31", True),  # 蓬莱市
            ("370614", "2020-05-31", False),  # 蓬莱区
            ("370614", "2020-07-31", True),
        ],
    )
    def test_answers_for_the_date_asked(self, code: str, day: str, valid: bool) -> None:
        assert (gazetteer().get(code, dt.date.fromisoformat(day)) is not None) is valid

    def test_one_code_two_names(self) -> None:
        before = gazetteer().get("130502", dt.date(2020, 3, 31))
        after = gazetteer().get("130502", dt.date(2020, 12, 31))
        assert before is not None and after is not None
        assert (before.name, after.name) == ("桥东区", "襄都区")


class TestGazetteer:
    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("聊城", "371500"),
            ("聊城市", "371500"),
            ("Liaocheng", "371500"),
            ("liaocheng", "371500"),
            ("371500", "371500"),
            (" 聊城 ", "371500"),
            ("恩施", "422800"),
            ("恩施市", "422801"),
            ("德宏州", "533100"),
            ("内蒙古", "150000"),
            ("Inner Mongolia", "150000"),
            ("广西", "450000"),
            ("湘西", "433100"),
            ("湘西自治州", "433100"),
            ("延边", "222400"),
            ("黔东南州", "522600"),
            ("黔东南", "522600"),
            ("兵团", "996503"),
            ("吉林", "220000"),
            ("吉林市", "220200"),
            ("海南", "460000"),
            ("海南州", "632500"),
            ("朝阳", "211300"),
            ("全国", "100000"),
            ("中国", "100000"),
            ("香港", "810000"),
            ("香港特别行政区", "810000"),
            ("山东省聊城市", "371500"),
            ("湖北黄冈", "421100"),
            ("北京市朝阳区", "110105"),
            ("襄樊", "420600"),
        ],
    )
    def test_resolve(self, name: str, code: str) -> None:
        assert gazetteer().resolve(name) == code

    def test_resolve_with_home(self) -> None:
        assert gazetteer().resolve("朝阳区", home="110000") == "110105"
        assert gazetteer().resolve("朝阳区", home="220102") == "220104"
        assert gazetteer().resolve("通州区", home="320600") == "320612"

    def test_resolve_on_a_date(self) -> None:
        assert gazetteer().resolve("莱芜市", on=dt.date(2018, 6, 1)) == "371200"
        assert gazetteer().resolve("莱芜") == "370116"

    @pytest.mark.parametrize(
        ("name", "on", "message"),
        [
            ("朝阳区", None, "ambiguous: 110105 北京市朝阳区, 220104 吉林省长春市朝阳区"),
            ("苏州x", None, "near names: 苏州"),
            ("", None, "not known"),
            ("999999", None, "not known"),
            ("9" * 10_000, None, "not known"),
            ("莱芜市", None, "abolished after 2018-12-25, successor 370100 济南市"),
            ("371200", dt.date(2020, 3, 31), "was not in force on 2020-03-31"),
            ("莱芜区", dt.date(2018, 1, 1), "set up on 2018-12-26"),
            ("Suzhou", None, "ambiguous"),
        ],
    )
    def test_resolve_refuses(self, name: str, on: dt.date | None, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            gazetteer().resolve(name, on)

    def test_family(self) -> None:
        table = gazetteer()
        assert table.ancestors("371521") == ("371500", "370000", "100000")
        assert table.ancestors("110105") == ("110000", "100000")
        assert table.contains("370000", "371521")
        assert table.contains("371521", "371521")
        assert not table.contains("371521", "370000")
        assert not table.contains("370000", "000000")
        assert table.province_of("371521") == "370000"
        assert table.province_of("370000") == "370000"
        assert table.province_of("100000") is None
        assert table.successor("371523") == "371503"
        assert table.successor("371500") == "371500"
        assert "371500" in table and "000000" not in table
        assert len(list(table)) == len(table) == len(region_table())
        with pytest.raises(KeyError):
            table.ancestors("000000")

    def test_codes_of_our_own(self) -> None:
        table = gazetteer()
        for code, parent in [
            ("990000", "100000"),
            ("991102", "110000"),
            ("994201", "420000"),
            ("996503", "650000"),
        ]:
            row = table.get(code)
            assert row is not None and row.parent_code == parent


# One line a case: what, home, text, the places expected as "span=code" in order. Every reader of the scanner has
# cases that it must take and cases that it must leave.
CASES: list[tuple[str, str | None, str, str]] = [
    (
        "list of cities",
        "430000",
        "长沙市112例、衡阳市30例,湘西自治州3例",
        "长沙市=430100 衡阳市=430400 湘西自治州=433100",
    ),
    ("suffix optional", None, "聊城、聊城市", "聊城=371500 聊城市=371500"),
    ("run is one place", None, "山东省聊城市阳谷县、湖北黄冈", "山东省聊城市阳谷县=371521 湖北黄冈=421100"),
    ("two places", None, "湖北、武汉", "湖北=420000 武汉=420100"),
    (
        "province and prefecture of one name",
        None,
        "吉林3例,吉林省吉林市2例,吉林省吉林",
        "吉林=220000 吉林省吉林市=220200 吉林省吉林=220200",
    ),
    ("prefecture before county", "422800", "恩施3例,恩施市2例", "恩施=422800 恩施市=422801"),
    ("shared name, home", "110000", "其中西城区4例、朝阳区6例", "西城区=110102 朝阳区=110105"),
    ("shared name, run wins over home", "110000", "长春市朝阳区6例", "长春市朝阳区=220104"),
    (
        "shared name, sibling before",
        "370000",
        "历下区1例、市中区2例;薛城区1例、市中区1例",
        "历下区=370102 市中区=370103 薛城区=370403 市中区=370402",
    ),
    ("shared name, parent before", None, "徐州市3例(鼓楼区1例)", "徐州市=320300 鼓楼区=320302"),
    ("shared name, unsettled: the province", "370000", "市中区2例", "市中区=370000"),
    ("shared name, unsettled: nothing", None, "朝阳区2例", ""),
    (
        "district of the home city before the prefecture",
        "110000",
        "朝阳6例、海淀8例",
        "朝阳=110105 海淀=110108",
    ),
    ("... not elsewhere", "210000", "朝阳6例", "朝阳=211300"),
    ("市中区 after 市", None, "枣庄市中区,青岛市南区", "枣庄市中区=370402 青岛市南区=370202"),
    (
        "the next word takes the last character",
        "120000",
        "河北区域发展,武汉市场,西安区域",
        "河北=130000 武汉=420100 西安=610100",
    ),
    ("short county at home", "421100", "麻城2例、红安3例", "麻城=421181 红安=421122"),
    (
        "short county in a list of its like",
        "370000",
        "对口支援的团风、浠水、蕲春、武穴、黄梅5县(市)",
        "团风=421121 浠水=421125 蕲春=421126 武穴=421182 黄梅=421127",
    ),
    (
        "short county after its province",
        "420000",
        "湖北赤壁公交客运,湖北枣阳",
        "湖北赤壁=421281 湖北枣阳=420683",
    ),
    (
        "short names that are words",
        None,
        "公安机关、医疗资源、绿色通道、合作、比如、解放军、中方、延长、公安",
        "",
    ),
    (
        "words after a place",
        None,
        "湖北公安部门,甘肃合作社,湖南通道管控",
        "湖北=420000 甘肃=620000 湖南=430000",
    ),
    ("a person's name", "440000", "钟南山院士,王明光老人", ""),
    ("pronoun and 和 make no 和政县", "510112", "产融合作和政企交流,党委和政府", ""),
    ("天全县 is not 当天全省", "510000", "28日当天全省新增3例", "全省=510000"),
    ("stem of one character", "371500", "莘县2例,阳谷县", "莘县=371522 阳谷县=371521"),
    (
        "stem after 其中, counted",
        "533100",
        "全州5例,其中芒市1例、瑞丽市2例",
        "全州=533100 芒市=533103 瑞丽市=533102",
    ),
    ("stem after 另有, counted", "341000", "另有歙县2例", "歙县=341021"),
    ("stem after 其中, uncounted", "340000", "其中和县级有关", ""),
    ("home bears the name", "220200", "吉林站始发,吉林98例", "吉林=220200 吉林=220200"),
    (
        "home bears the name, among provinces",
        "220200",
        "吉林、辽宁,山东、吉林",
        "吉林=220000 辽宁=210000 山东=370000 吉林=220000",
    ),
    ("home bears the name: the province's own", "220200", "吉林省内,吉林大学", "吉林省=220000 吉林=220000"),
    (
        "home bears the name of another province",
        "632500",
        "海南10例,海南州1例,海南省",
        "海南=632500 海南州=632500 海南省=460000",
    ),
    (
        "home bears the name: another of the province",
        "220200",
        "吉林松原,吉林全省",
        "吉林松原=220700 吉林=220000 全省=220000",
    ),
    ("home does not bear it", "220283", "吉林2例", "吉林=220000"),
    ("stem in other words", "340000", "省和县级,小康县,任县委书记,简单县域", ""),
    (
        "noun that is a district too",
        "140000",
        "阳泉市1例(城区1例),中心城区,晋城市城区",
        "阳泉市=140300 城区=140302 晋城市城区=140502",
    ),
    (
        "zone keeps its name",
        None,
        "济南新旧动能转换先行区,通辽市经济开发区1例",
        "济南新旧动能转换先行区=370100 通辽市经济开发区=150500",
    ),
    (
        "zone alone, in a list",
        "420000",
        "襄阳市(襄州区3例,高新区2例)",
        "襄阳市=420600 襄州区=420607 高新区=420600",
    ),
    ("zone alone, in prose", "420000", "自贸试验区和开发区建设", ""),
    ("coded new area", None, "上海浦东新区3例、天津滨海新区", "上海浦东新区=310115 天津滨海新区=120116"),
    ("known zones", "500000", "两江新区12例、万盛经开区1例", "两江新区=500000 万盛经开区=500110"),
    ("street and town", "370000", "胶州市阜安街道,聊城街头", "胶州市=370281 聊城=371500"),
    ("roads", None, "南京路、北京西路、中山大道、解放路", ""),
    ("名 of media and schools", None, "新华社、新华网、中山大学、京东、阿里巴巴、北京时间", ""),
    (
        "corps",
        "650000",
        "兵团第八师石河子市1例,第七师2例,新疆生产建设兵团",
        "兵团第八师=996503 石河子市=659001 第七师=996503 新疆生产建设兵团=996503",
    ),
    ("corps in brackets", "650000", "新疆（含兵团）累计", "新疆=650000"),
    (
        "corps as a part of the country",
        "100000",
        "31个省（自治区、直辖市）和新疆生产建设兵团累计",
        "31个省=100000 新疆生产建设兵团=100000",
    ),
    (
        "visitors are counted where they come to",
        "110000",
        "昌平区2例,外地来京人员7例",
        "昌平区=110114 京=110000",
    ),
    ("abbreviations", None, "援鄂医疗队,返鲁,在京东买,鄂尔多斯市", "鄂=420000 鲁=370000 鄂尔多斯市=150600"),
    ("not determined", "420000", "待明确地区1例", "待明确地区=994201"),
    (
        "abroad",
        None,
        "美国西雅图,日本东京,从斯里兰卡回国,“钻石公主号”",
        "美国西雅图=None 日本东京=None 斯里兰卡=None 钻石公主号=None",
    ),
    (
        "日 of a date before 本市",
        "110000",
        "2月3日本市新增1例,今日本市,目前日本已确诊",
        "本市=110000 本市=110000 日本=None",
    ),
    (
        "a foreign country's own country",
        "100000",
        "日本国内第2例,我国和全国",
        "日本国内=None 我国=100000 全国=100000",
    ),
    ("foreign words in Chinese ones", None, "增加纳入,沿海地区,朝鲜族群众", ""),
    (
        "Hong Kong, Macao, Taiwan",
        None,
        "香港特别行政区15例,澳门8例,台湾地区3例;港澳台地区26例",
        "香港特别行政区=810000 澳门=820000 台湾地区=710000 港澳台地区=100000",
    ),
    ("old names", "370000", "茌平县2例、莱芜区1例", "茌平县=371503 莱芜区=370116"),
    ("left of the name", None, "黄河南岸,长江西侧,入海口,延长春节假期,孙中山,中山市", "中山市=442000"),
    (
        "lists with 、",
        "360000",
        "南昌8例、新余8例、宜春4例、上饶8例",
        "南昌=360100 新余=360500 宜春=360900 上饶=361100",
    ),
    (
        "a list after its city",
        "440000",
        "深圳宝安、龙岗、南山,光山",
        "深圳宝安=440306 龙岗=440307 南山=440305",
    ),
    ("an airport area is no harbour", None, "郑州航空港区2例", "郑州航空港区=410100"),
    ("zones of a city at home", "411400", "睢阳区2例,示范区1例,建设示范区", "睢阳区=411403 示范区=411400"),
    ("cut off at the end", None, "在湖北省黄", "湖北省=420000"),
]

HOME_CASES = [
    ("371500", "全市", "371500"),
    ("371500", "我省", "370000"),
    ("371500", "我国", "100000"),
    ("371521", "全县", "371521"),
    ("371521", "全市", "371500"),
    ("371581", "我市", "371581"),  # a county-level city
    ("510112", "全区", "510112"),
    ("510112", "我市", "510100"),
    ("110105", "本市", "110000"),
    ("110000", "全市", "110000"),
    ("450000", "全区", "450000"),
    ("450000", "自治区", "450000"),
    ("450100", "我区", "450000"),
    ("450100", "全市", "450100"),
    ("533100", "全州", "533100"),
    ("420000", "全市", None),
    ("100000", "全省", None),
    ("100000", "全国", "100000"),
    (None, "国内", "100000"),
    ("000000", "全市", None),
]


class TestFindPlaces:
    @pytest.mark.parametrize(("home", "text", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
    def test_cases(self, home: str | None, text: str, expected: str) -> None:
        assert " ".join(f"{span}={code}" for span, code, _ in spans(text, home)) == expected

    @pytest.mark.parametrize(("home", "word", "code"), HOME_CASES)
    def test_pronouns(self, home: str | None, word: str, code: str | None) -> None:
        expected = [] if code is None else [(word, code, "home")]
        assert spans(f"截至今日,{word}累计3例", home) == expected

    @pytest.mark.parametrize(
        "text",
        [
            "食品安全国家标准",
            "安全区域",
            "小区内",
            "辖区内",
            "基本市场",
            "全市场",
            "成本市价",
            "各自治区、直辖市",
            "超市内",
        ],
    )
    def test_pronouns_inside_words(self, text: str) -> None:
        assert spans(text, "510112") == []

    def test_pronoun_takes_the_last_place_of_its_kind(self) -> None:
        assert codes("鄂州市通告:全市停运", "420000") == ["420700", "420700"]
        assert codes("泰安在全市实行扫码,东营在全市开设", "370000") == [
            "370900",
            "370900",
            "370500",
            "370500",
        ]
        assert codes("江西省通报,该省累计", "420000") == ["360000", "420000"]
        assert codes("黄冈市指挥部消息,该市改造两所医院", "420000") == ["421100", "421100"]

    @pytest.mark.parametrize(
        ("text", "home", "expected"),
        [
            ("阳谷县人民医院收治", "371500", [("阳谷县", "371521", "institution")]),
            ("青岛港吞吐量", None, [("青岛", "370200", "institution")]),
            ("武汉火神山医院", None, [("武汉", "420100", "institution")]),
            ("雷神山医院", None, [("雷神山医院", "420100", "institution")]),
            ("山东省胸科医院", None, [("山东省", "370000", "institution")]),
            ("山东大学齐鲁医院", "370000", [("山东", "370000", "institution")]),
            ("四川大学华西医院", "510000", [("四川", "510000", "institution")]),
            (
                "中国科学院武汉病毒研究所",
                None,
                [("中国", "100000", "institution"), ("武汉", "420100", "institution")],
            ),
            ("同济医院多名医生", "420000", [("同济医院", "420100", "institution")]),
            ("同济医院多名医生", "370000", []),
            ("黄冈市卫健委通报", None, [("黄冈市", "421100", "named")]),
            ("温州定点医院", None, [("温州", "330300", "named")]),
            ("武汉某公司", None, [("武汉", "420100", "named")]),
            ("武汉抵达香港", None, [("武汉", "420100", "named"), ("香港", "810000", "named")]),
            ("湖北中小学开学", None, [("湖北", "420000", "named")]),
            ("武汉的医院", None, [("武汉", "420100", "named")]),
            ("潍柴集团", None, []),
            ("海河医院", "370000", []),
        ],
    )
    def test_institutions(
        self, text: str, home: str | None, expected: list[tuple[str, str | None, str]]
    ) -> None:
        assert spans(text, home) == expected

    def test_name_and_level(self) -> None:
        found = find_places("聊城2例,济南先行区1例,东京", "371500")
        assert [(p.name, p.level, p.rule) for p in found] == [
            ("聊城市", "prefecture", "place.name"),
            ("济南先行区", "prefecture", "place.part"),
            ("东京", "abroad", "place.abroad"),
        ]

    @pytest.mark.parametrize(
        "unit",
        [
            "省",
            "武汉",
            "湖北",
            "全市",
            "、",
            "9",
            "市",
            "和",
            "日本",
            "兵团",
            "第一师",
            "大",
            "县",
            "第",
            "\ud800",
            "高新区",
        ],
    )
    def test_long_repeats_end(self, unit: str) -> None:
        find_places(unit * (200_000 // len(unit)), "371500")


PIECES = [
    "湖北",
    "省",
    "武汉",
    "市",
    "区",
    "县",
    "全",
    "我",
    "该",
    "吉林",
    "海南",
    "朝阳",
    "南京路",
    "第一人民医院",
    "高新区",
    "兵团",
    "第八师",
    "、",
    "(",
    ")",
    "1例",
    "和",
    "日本",
    "2月3日",
    "本市",
    "自治区",
    "和县",
    "城区",
    "援鄂",
    "待明确地区",
    "中",
    "美国",
]


@given(
    st.text(max_size=80), st.sampled_from([None, "100000", "110000", "371500", "510112", "650000", "xyz", ""])
)
def test_survives_any_text(text: str, home: str | None) -> None:
    check(text, home)


@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=30,
    ),
    st.sampled_from([None, "100000", "110000", "371500", "510112", "650000", "450100"]),
)
def test_survives_names(parts: list[str], home: str | None) -> None:
    check("".join(parts), home)


def check(text: str, home: str | None) -> None:
    position = 0
    for place in find_places(text, home):
        assert position <= place.start < place.end <= len(text)
        position = place.end
        assert (place.code is None) == (place.level == "abroad")
        if place.code is not None:
            row = gazetteer().get(place.code)
            assert row is not None
            assert row.level == place.level
        assert place.kind in ("named", "home", "institution")


class TestVocabulary:
    """Every entry of place_names.csv claims its examples and none of its counter-examples."""

    def test_codes(self) -> None:
        table = gazetteer()
        for rule in name_rules():
            assert rule.region_code == "" or rule.region_code in table, rule

    def test_no_entry_twice(self) -> None:
        seen = Counter((rule.kind == "guard", rule.name) for rule in name_rules())
        assert [key for key, times in seen.items() if times > 1] == []

    @pytest.mark.parametrize(
        "kind", ["name", "part", "institution", "local_institution", "abroad", "abbreviation", "zone"]
    )
    def test_examples(self, kind: str) -> None:
        for rule in name_rules():
            if rule.kind != kind:
                continue
            home = rule.region_code or "371500"
            if kind == "institution":
                home = "420000"
            words = [verb + rule.name for verb in rule.after] if kind == "abbreviation" else [rule.name]
            for text in [*(f"者，{word}3例" for word in words), *filter(None, rule.examples.split("|"))]:
                claimed = [
                    p
                    for p in find_places(text, home)
                    if (kind == "institution" or rule.name in text[p.start : p.end])
                    and p.code == (rule.region_code or p.code)
                ]
                assert claimed, (rule, text)

    def test_counter_examples(self) -> None:
        for rule in name_rules():
            for text in filter(None, rule.counter_examples.split("|")):
                if rule.kind == "local_institution":
                    assert all(text[p.start : p.end] != rule.name for p in find_places(text, None)), (
                        rule,
                        text,
                    )
                    continue
                assert all(text[p.start : p.end] != rule.name for p in find_places(text, "370000")), (
                    rule,
                    text,
                )

    def test_words_that_are_no_place(self) -> None:
        for rule in name_rules():
            if rule.kind == "not_a_place":
                assert find_places(f"，{rule.name}，", None) == [], rule

    def test_short_names_that_are_words(self) -> None:
        for rule in name_rules():
            if rule.kind in ("suffix_only", "careful"):
                assert find_places(f"这{rule.name}也", None) == [], rule
            if rule.kind == "suffix_only":
                assert len(find_places(f"湖北{rule.name}也", None)) == 1, rule


def test_every_province_of_the_bulletins_resolves() -> None:
    path = SHARED / "corpora" / "dxy_news.json"
    if not path.exists():
        pytest.skip("the bulletins are not beside this checkout (../shared/corpora)")
    names = {item.get("provinceName") for item in json.loads(path.read_text(encoding="utf-8"))} - {None, ""}
    for name in sorted(names):
        assert gazetteer().resolve(name)  # raises when it is not known


def test_the_table_agrees_with_the_reference() -> None:
    path = SHARED / "reference" / "city_counts.csv"
    if not path.exists():
        pytest.skip("the reference counts are not beside this checkout (../shared/reference)")
    table = gazetteer()
    known = {row.region_code for row in table}  # the reference also has codes of its own, for prisons and the like
    with path.open(encoding="utf-8", newline="") as file:
        pairs = {
            (row["cityCode"], row["city"])
            for row in csv.DictReader(file)
            if row["countryCode"] == "CN" and row["cityCode"] in known
        }
    wrong = [
        (code, name) for code, name in sorted(pairs) if (row := table.get(code)) and row.name != name
    ]
    assert wrong == []
    # of the county-level rows that the reference lists as cities, those directly under a province are prefectures here
    direct = {code for code, _ in pairs if code[:3] in ("419", "429", "469", "659")}
    assert {row.level for row in table if row.region_code in direct} == {"prefecture"}
