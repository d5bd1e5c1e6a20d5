"""The independent reader of plain counts, and how many of them are in the tables."""

from __future__ import annotations

import pandas as pd
import pytest

from covid_timeline.tables.recall import measure_recall, stated_counts


class TestRecall:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("截至2月3日24时，累计确诊病例38例，其中聊城市15例。", [("371500", 15)]),
            ("累计报告确诊病例（含重症3例）38例：聊城15例、恩施州4例。", [("371500", 15), ("422800", 4)]),
            ("截至2月3日12时，累计确诊病例38例，其中聊城市15例。", []),  # a moment of the day
            ("累计确诊病例38例。新增2例，聊城市2例。", []),
            ("累计治愈病例38例，聊城市2例。", []),
            ("累计确诊病例38例，其中重症病例：聊城市2例。", []),
            ("累计追踪密切接触者，聊城市15例。", []),
            ("累计15人，聊城市15例。", []),  # of what?
            ("累计确诊病例（死亡1例（聊城市1例）、聊城市15例", []),  # brackets that do not close
            ("", []),
        ],
    )
    def test_stated_counts(self, text: str, expected: list[tuple[str, int]]) -> None:
        found = stated_counts(text)
        assert [(code, value) for code, value, _, _ in found] == expected
        assert all(text[start:end] == str(value) for _, value, start, end in found)

    def test_long_texts(self) -> None:
        for piece in ("累计", "（", "累计确诊（", "聊城市1例、", "1", "24时"):
            stated_counts("累计确诊" + piece * (200_000 // len(piece)))

    def test_found_and_missed(self) -> None:
        text = "累计确诊病例38例，其中聊城市15例、济南12例。"
        metric = {"doc_id": "a", "indicator": "confirmed_cumulative", "value": 15.0, "region_code": "371500"}
        at = text.index("15")
        rows = [metric | {"value_char_start": at, "value_char_end": at + 3}]
        found = measure_recall({"a": text}, pd.DataFrame(rows))
        assert (found.stated, found.found, [(one.region_code, one.value) for one in found.missed]) == (2, 1, [("370100", 12)])
