from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import report, stats
from benchmarks.backends import MODULES, OURS
from benchmarks.bench import FULL, QUICK, Results
from benchmarks.plot import Axis, plot
from benchmarks.targets import TIMES, Target, targets
from benchmarks.workload import COMMON, RARE, RESULT, Conversation, as_json_line, characters, plain, touched

ROOT = Path(__file__).resolve().parents[2]
some = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=300)


@given(some)
def test_quantiles_are_samples_that_the_right_share_does_not_exceed(samples):
    for share in (0.0, 0.5, 0.99, 1.0):
        value = stats.quantile(samples, share)
        assert value in samples
        assert sum(sample <= value for sample in samples) >= share * len(samples)
    assert stats.quantile(samples, 1.0) == max(samples)
    assert min(samples) <= stats.median(samples) <= max(samples)


def test_the_ninety_ninth_of_a_hundred_is_not_the_worst_of_them():
    assert stats.summary([float(at) for at in range(1, 101)]) == stats.Summary(50.5, 99.0, 100)


@pytest.mark.parametrize("quoted", [stats.median, stats.summary, lambda samples: stats.quantile(samples, 0.5)])
def test_nothing_is_quoted_of_no_samples(quoted):
    with pytest.raises(ValueError, match="no samples"):
        quoted([])


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (0.123, "0.12"), (12.34, "12.3"), (12345.6, "12,346")])
def test_numbers_are_written_with_the_digits_that_count(value, text):
    assert stats.short(value) == text


@pytest.mark.parametrize("kind", ["text", "blocks"])
def test_a_conversation_is_the_same_whenever_it_is_made(kind):
    one, two = Conversation(5, 8, kind), Conversation(5, 8, kind)
    assert list(one) == list(two)
    assert (one.title, one.metadata, one.said(70)) == (two.title, two.metadata, two.said(70))
    assert list(one) != list(Conversation(6, 8, kind))


def test_messages_have_the_lengths_that_the_tables_speak_of():
    lengths = {"user": [], "assistant": []}
    for said in Conversation(1, 200):
        lengths[said.role].append(len(said.text))
    assert 150 < stats.median(lengths["user"]) < 250
    assert 900 < stats.median(lengths["assistant"]) < 1500
    results = [
        said for said in Conversation(1, 40, "blocks") if said.blocks and said.blocks[0]["type"] == "tool_result"
    ]
    assert len(results) == 10
    assert all(0.7 * RESULT < characters(said.blocks) < 1.2 * RESULT for said in results)


def test_a_tool_result_answers_the_call_before_it():
    calls = [block for said in Conversation(1, 12, "blocks") for block in said.blocks or []]
    asked = [block["id"] for block in calls if block["type"] == "tool_use"]
    assert asked == [block["tool_use_id"] for block in calls if block["type"] == "tool_result"]
    assert len(set(asked)) == 3


def test_a_word_is_rare_and_another_common():
    said = [one.text for number in range(100) for one in Conversation(number, 30)]
    assert 0 < sum(RARE in text for text in said) < 15
    assert 400 < sum(COMMON in text.split() for text in said) < 1200


def test_times_go_on_within_a_conversation():
    times = [said.time for said in Conversation(3, 100)]
    assert times == sorted(set(times))


def test_reading_a_line_of_json_gives_the_characters_said():
    for said in Conversation(1, 8, "blocks"):
        assert touched(plain(said)) == characters(said.blocks or said.text)
        assert as_json_line(said).count(b"\n") == 1


def _results():
    results = Results()
    results.add("append/1000", OURS, [1.0, 2.0, 3.0])
    results.add("append/1000", "llm", [4.0])
    results.add("append/1000", "llm", [4.0])
    results.add("disk-one", OURS, [1450.0], "bytes")
    results.add("disk-one", "jsonl", [1000.0], "bytes")
    return results


def test_samples_of_one_thing_are_gathered_and_ratios_are_ours_over_theirs():
    results = _results()
    assert results.measures["append/1000", "llm"].samples == (4.0, 4.0)
    assert results.ratio("append/1000", "llm") == 0.5
    assert results.ratio("disk-one", "jsonl") == 1.45
    assert results.ratio("append/1000", "sqlite") is None
    assert results.ratio("load/1000", "llm") is None
    assert results.p99("append/1000") == 3.0


def test_a_miss_is_shown_as_a_miss_and_what_was_not_measured_is_left_out():
    table = report.target_table(_results(), targets(FULL))
    assert table.count("\n") == 4
    assert f"| append to a session of 1,000 | llm's durable append | ≤ 1 {TIMES} | 0.50 {TIMES} | reached |" in table
    assert table.count("reached") == 2
    results = _results()
    results.add("append/1000", OURS, [40.0, 40.0, 40.0])
    assert "**missed**" in report.target_table(results, targets(FULL))


def test_rates_have_to_be_at_least_and_times_at_most():
    rate = Target("", "", 0.5, lambda _: None, least=True)
    assert rate.reached(0.5)
    assert rate.reached(0.6)
    assert not rate.reached(0.4)
    time = Target("", "", 0.5, lambda _: None)
    assert time.reached(0.5)
    assert not time.reached(0.6)


@pytest.mark.parametrize("sizes", [QUICK, FULL])
def test_every_bar_says_what_it_measures_even_when_nothing_was(sizes):
    rows = targets(sizes)
    assert len({(row.row, row.of) for row in rows}) == len(rows)
    assert all(row.value(Results()) is None for row in rows)


def test_tables_show_our_median_and_the_others_beside_it():
    table = report.measure_table(_results(), ["llm", OURS])
    assert "2.00 / 3.00" in table
    assert "4.00 / 4.00 (2.00" in table
    assert "disk-one" not in table
    assert "| disk-one | jsonl | bytes | 1,000 |" in report.other_table(_results())
    assert report.table(["a|b"], [["c"]]) == "| a\\|b |\n| --- |\n| c |\n"


def test_only_the_part_between_the_marks_of_a_document_is_replaced():
    document = f"before\n{report.START}\nold\n{report.END}\nafter\n"
    once = report.inserted(document, "new \\1")
    assert once == f"before\n{report.START}\n\nnew \\1\n\n{report.END}\nafter\n"
    assert report.inserted(once, "new \\1") == once


@pytest.mark.parametrize("document", ["", report.START, f"{report.END}{report.START}", 2 * (report.START + report.END)])
def test_a_document_without_its_marks_is_left_alone(document):
    with pytest.raises(ValueError, match="needs"):
        report.inserted(document, "new")


def test_the_page_on_benchmarks_has_its_marks():
    report.inserted((ROOT / "docs/benchmarks.md").read_text(encoding="utf-8"), "new")


def test_a_plot_is_well_formed_and_has_a_line_and_a_name_for_each():
    lines = {"a<b": [(100, 1.0), (1_000, 10.0)], "other": [(100, 2.5), (0, 1.0)], "none": []}
    root = ET.fromstring(plot("Append & more", "messages", "ms", lines))  # noqa: S314 - our own text
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Append & more", "a<b", "other", "messages", "ms"} <= set(words)
    assert "none" not in words
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 3


def test_nothing_cannot_be_plotted():
    with pytest.raises(ValueError, match="nothing"):
        plot("", "", "", {"a": [(0, 1)]})


@given(st.lists(st.floats(1e-6, 1e9), min_size=1))
def test_every_value_has_its_place_on_an_axis(values):
    axis = Axis.over(values, 10, 100)
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(9.999 <= place <= 100.001 for place in places)


def test_there_is_a_file_for_every_backend():
    folder = ROOT / "benchmarks/backends"
    assert all((folder / f"{module}.py").exists() for module in MODULES.values())
