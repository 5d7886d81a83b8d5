"""Tables that were written down once, against what they were written from: divisions, segments, surnames, check digits.

Sources: law.md §7 (numbers and vectors), 统计用区划代码 2022 (divisions), 公安部《二〇二〇年全国姓名报告》 and 《百家姓》 (surnames).
What no source confirms is marked [M] beside the table and named here, so that it cannot grow in silence.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kexin.regime.semantic import Invalid, numbers, places, semantic_type
from kexin.regime.semantic.surnames import compound, surname_of

pytestmark = pytest.mark.no_db

REFERENCE = Path(__file__).resolve().parent / "reference"
#: [M] Divisions that the reference does not list: Hong Kong and Macao have no 地级, names under 台湾省 are for finding only.
UNVERIFIED = {"810000", "820000", "710100", "710200", "710300", "710400", "710500", "710600"}


def test_divisions_are_those_of_the_reference() -> None:
    lines = (REFERENCE / "divisions_2022.txt").read_text(encoding="utf-8").splitlines()
    expected = dict(line.split() for line in lines if not line.startswith("#"))
    ours = places.codes()
    assert {code: name for code, name in ours.items() if code not in UNVERIFIED} == expected
    assert set(ours) >= UNVERIFIED
    assert len(set(ours.values())) == len(ours), "one name stands for one division"


def test_every_division_is_found_by_its_name_and_says_its_province() -> None:
    for name, province in places.divisions().items():
        assert semantic_type("cn_division").normalise(province + name) == name


def test_a_province_is_no_city_of_another_province() -> None:
    """海南 is the province; 青海's 海南藏族自治州 is found by its own name only."""
    with pytest.raises(Invalid):
        semantic_type("cn_division").normalise("海南")
    assert semantic_type("cn_division").normalise("海南州".replace("州", "藏族自治州")) == "海南藏族自治州"
    assert semantic_type("cn_division").normalise("吉林") == "吉林市"


#: law.md §7, row 手机号, as it stands there.
SEGMENTS = {
    "mobile": "1340 1341 1342 1343 1344 1345 1346 1347 1348 135 136 137 138 139 147 150 151 152 157 158 159 165 172 178"
    " 182 183 184 187 188 195 197 198 1703 1705 1706",
    "unicom": "130 131 132 145 155 156 166 167 171 175 176 185 186 196 1704 1707 1708 1709",
    "telecom": "133 149 153 162 173 17400 17401 17402 17403 17404 17405 177 180 181 189 190 191 193 199 1700 1701 1702",
    "broadnet": "192",
}


def test_segments_are_those_of_the_reference() -> None:
    ours = {name: " ".join(listed) for name, listed in numbers.allotted().items()}
    assert {name: ours[name] for name in SEGMENTS} == SEGMENTS
    #: 1349 is in law.md; the rest is in the public table of 2022-05 alone.
    assert ours["satellite"] == "1349 1749"
    assert ours["emergency"] == "17406 17407 17408 17409 17410 17411 17412"
    assert ours["virtual"] == "162 165 167 170 171"
    everything = [segment for name, listed in numbers.allotted().items() if name != "virtual" for segment in listed]
    assert len(set(everything)) == len(everything), "one segment has one operator"


@pytest.mark.parametrize(
    ("number", "operator", "notes"),
    [
        ("13481234567", "mobile", ()),
        ("13491234567", "satellite", ()),
        ("17051234567", "mobile", ("virtual_operator",)),
        ("17401234567", "telecom", ()),
        ("17091234567", "unicom", ("virtual_operator",)),
        ("16512345678", "mobile", ("virtual_operator",)),
        ("16112345678", "", ("new_segment",)),
        ("19412345678", "", ("new_segment",)),
    ],
)
def test_a_segment_is_a_remark_and_never_a_refusal(number: str, operator: str, notes: tuple[str, ...]) -> None:
    assert semantic_type("cn_mobile").normalise(number) == number
    assert numbers.operator(number) == operator
    assert semantic_type("cn_mobile").notes(number) == notes


#: Numbers of bearers in ten thousands, 公安部《二〇二〇年全国姓名报告》 as reported on 2021-02-08.
COUNTED = {"欧阳": 111.2, "上官": 8.8, "皇甫": 6.4, "令狐": 5.5, "诸葛": 4.8, "司徒": 4.7, "司马": 2.3, "申屠": 1.9,
           "夏侯": 1.1, "贺兰": 1.0, "完颜": 0.6, "慕容": 0.5, "尉迟": 0.4, "长孙": 0.3}  # fmt: skip
#: The verses of 《百家姓》 that hold its surnames of two characters.
VERSES = (
    "万俟司马上官欧阳夏侯诸葛闻人东方赫连皇甫尉迟公羊澹台公冶宗政濮阳淳于单于太叔申屠公孙仲孙轩辕令狐钟离宇文长孙慕容鲜于闾丘"
    "司徒司空亓官司寇子车颛孙端木巫马公西漆雕乐正壤驷公良拓跋夹谷宰父谷梁段干百里东郭南门呼延羊舌微生梁丘左丘东门西门伯赏南宫第五"
)


def test_compound_surnames_are_attested() -> None:
    assert compound() == {VERSES[at : at + 2] for at in range(0, len(VERSES), 2)} | set(COUNTED)


@pytest.mark.parametrize(
    ("name", "surname"),
    [("淳于意", "淳于"), ("单于飞", "单于"), ("公上华", "公"), ("归海涛", "归"), ("东里春", "东"), ("欧阳", "欧")],
)
def test_a_pair_that_no_source_attests_is_one_character(name: str, surname: str) -> None:
    assert surname_of(name) == surname


#: law.md §7: every vector of the table.
VALID = [
    ("cn_id", "11010519491231002X"),
    ("cn_id", "440524188001010014"),
    ("cn_id", "110101199003074610"),
    ("uscc", "91110000600037341L"),
    ("uscc", "91350100M000100Y43"),
    ("org_code", "60003734-1"),
    ("org_code", "M000100Y-4"),
    ("bank_card", "6222600260001072444"),
    ("bank_card", "6228480402564890018"),
]
INVALID = [("cn_id", "999999199001010018", "id_check"), ("bank_card", "6217000010001234560", "card_check")]


@pytest.mark.parametrize(("key", "value"), VALID)
def test_vectors_of_the_reference_are_accepted(key: str, value: str) -> None:
    assert semantic_type(key).normalise(value) == value


@pytest.mark.parametrize(("key", "value", "why"), INVALID)
def test_vectors_of_the_reference_are_refused(key: str, value: str, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        semantic_type(key).normalise(value)
    assert caught.value.key == why


def test_the_wrong_identity_number_should_end_with_six() -> None:
    assert numbers.id_check("99999919900101001") == "6"


def test_the_older_half_of_a_social_credit_code_is_its_organisation_code() -> None:
    """GB 32100: characters 9 to 17 are the code of GB 11714, with the check that its own rule gives."""
    for _, code in VALID[3:5]:
        assert semantic_type("org_code").normalise(code[8:17]) == f"{code[8:16]}-{code[16]}"


@given(st.integers(10**16, 10**17 - 1))
def test_the_short_form_of_the_identity_check_agrees(first17: int) -> None:
    """law.md §7: (1 − 2·int(n[:17], 13)) mod 11, 10 is X."""
    assert numbers.id_check(str(first17)) == "0123456789X"[(1 - 2 * int(str(first17), 13)) % 11]


@given(st.integers(100_000, 659_999), st.integers(0, 36_000), st.integers(0, 999))
def test_an_old_number_becomes_the_new_one(region: int, day: int, sequence: int) -> None:
    """15 digits had two for the year and no check (law.md §7: 19yy + check)."""
    from datetime import date, timedelta

    born = date(1900, 1, 1) + timedelta(days=day)
    old = f"{region}{born:%y%m%d}{sequence:03}"
    new = f"{region}{born:%Y%m%d}{sequence:03}"
    try:
        assert semantic_type("cn_id").normalise(old) == new + numbers.id_check(new)
    except Invalid as error:
        assert error.key == "id_region"


def test_the_weights_are_those_of_the_standards() -> None:
    """GB 11643 (ISO 7064 MOD 11-2), GB 32100 (3^(i-1) mod 31), GB 11714: written out, and as the rule that makes them."""
    assert numbers._ID_WEIGHTS == tuple(2 ** (17 - at) % 11 for at in range(17))
    assert numbers._ID_CHECKS == "10X98765432"
    assert numbers._USCC_WEIGHTS == tuple(3**at % 31 for at in range(17))
    assert numbers._USCC_ALPHABET == "0123456789ABCDEFGHJKLMNPQRTUWXY"
    assert numbers._ORG_WEIGHTS == (3, 7, 9, 10, 5, 8, 4, 2)


@pytest.mark.parametrize("region", ["00", "10", "40", "47", "90", "84"])
def test_a_region_that_no_document_has_is_refused(region: str) -> None:
    first = f"{region}0101199003074"
    with pytest.raises(Invalid) as caught:
        semantic_type("cn_id").normalise(f"{first}61" + numbers.id_check(f"{first}61"))
    assert caught.value.key == "id_region"


@pytest.mark.parametrize("region", ["81", "82", "83", "91", "96"])
def test_residence_documents_with_eighteen_characters_are_identity_numbers(region: str) -> None:
    """9x [S], 81–83 [M] (law.md §7)."""
    first = f"{region}000019900307461"
    number = first + numbers.id_check(first)
    assert semantic_type("cn_id").normalise(number) == number


#: law.md §3, column mask. The two that the product shows otherwise stand last, with the reason.
MASKS = [
    ("13812345678", "middle4", "138****5678"),
    ("a123@example.com", "mailbox", "a***@example.com"),
    ("1990-05-12", "year", "1990-**-**"),
    ("11010519491231002X", "first1_last1", "1****************X"),
    ("E12345671", "first1_last1", "E*******1"),
    ("6222600260001234", "last4", "**** **** **** 1234"),
    ("203.0.113.9", "last_octet", "203.0.113.*"),
    ("京A12341", "plate", "京A****1"),
    ("abcdefyz", "first2_last2", "ab****yz"),
    ("张三", "name", "张*"),
    ("张小三", "name", "张*三"),
    ("欧阳娜娜", "name", "欧阳**"),
    # The last four of a landline, as people read it out; law.md shows two.
    ("010-12345678", "area_last4", "010-****5678"),
    # Seven of 28 places; law.md shows eight.
    ("oX3f7Qe1Zk9LmN2pRs4tUv6wYkQ2", "first4_last3", "oX3f****kQ2"),
]


@pytest.mark.parametrize(("value", "rule", "shown"), MASKS)
def test_masks_are_those_of_the_reference(value: str, rule: str, shown: str) -> None:
    from kexin.regime.semantic import masks

    assert masks.apply(value, rule) == shown
