"""What must not change a reading does not: a floor on a fixed sample of the texts at hand."""

from __future__ import annotations

import pytest
from articles import bulletin
from rewritings import REWRITINGS, SHARED, articles, facts_of, measure

OWN = [
    "聊城疫情通报\n2月3日0—24时，聊城市新增确诊病例5例，其中阳谷县2例、莘县3例；治愈出院1例。截至2月3日24时，累计确诊38例，治愈20例（阳谷县12例，莘县8例）。目前，追踪密切接触者50人。",
    "2月3日，山东省新增境外输入确诊病例3例（济南市2例、青岛市1例），均为境外返回人员；新增本土病例1例，在聊城市。",
]
"""Invented bulletins, for machines without the corpora."""


@pytest.mark.parametrize("name", REWRITINGS)
def test_own_sentences(name: str) -> None:
    for text in OWN:
        before, after = facts_of(bulletin(text)), facts_of(bulletin(REWRITINGS[name](text)))
        assert before == after


@pytest.mark.skipif(not (SHARED / "corpora").is_dir(), reason="no ../shared: the bulletins are not here")
@pytest.mark.parametrize("name", REWRITINGS)
def test_corpora(name: str) -> None:
    sample = [one for one in articles(60) if len(one.raw) < 2000]
    kept = measure(sample, REWRITINGS[name])
    assert kept.facts > 20
    assert kept.share >= 0.97, kept.lost
