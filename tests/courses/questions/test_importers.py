"""Questions from files: layouts, encodings, refusals, and the samples from outside."""

import io
import json
from contextlib import suppress

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.questions.errors import BadQuestion, UnreadableFile
from courses.questions.importers import EXTENSIONS, read_questions
from courses.questions.importers.encodings import decode, tidy
from courses.questions.rows import checked

TEXT = """1. 资质认定证书的有效期为多少年( )
   A. 3年
   B. 6年
参考答案：B
解析：有效期为6年。
依据：管理办法第十三条
----------------
2、下列属于虚假报告的有( )
   A. 未经检验检测
   B. 调换样品
   C. 封面颜色不符
参考答案：A, B
3. 送检样品的代表性由机构负责。( )
   true. 正确
   false. 错误
参考答案：false
4. 没有答案的题
   A. 甲
   B. 乙
"""


def sheet(*rows):
    book = openpyxl.Workbook()
    for line in rows:
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def usable(rows):
    return [row for row in rows if not row.problem]


def test_plain_text_is_read():
    single, multiple, judged, lost = read_questions("题.txt", TEXT.encode()).rows
    assert (single.kind, single.stem, single.answers) == ("single", "资质认定证书的有效期为多少年", ("B",))
    assert [option.text for option in single.options] == ["3年", "6年"]
    assert (single.explanation, single.legal_basis, single.place) == (
        "有效期为6年。",
        "管理办法第十三条",
        "1",
    )
    assert (multiple.kind, multiple.answers, multiple.place) == ("multiple", ("A", "B"), "8")
    assert (judged.kind, judged.answers) == ("true_false", ("B",))
    assert lost.problem


@pytest.mark.parametrize("answer", ["A", "B"])
def test_a_letter_without_options_is_no_true_or_false(answer):
    (row,) = read_questions("题.txt", f"1. 题\n答案：{answer}\n".encode()).rows
    with pytest.raises(BadQuestion):
        checked(row)


def test_a_stray_line_is_told_not_swallowed():
    (row,) = read_questions("题.txt", "1. 题\nA. 甲\nB. 乙\n答案：A\n第二章\n".encode()).rows
    assert "第二章" in row.problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_every_encoding_reads_the_same(encoding):
    rows = read_questions("题.txt", TEXT.encode(encoding)).rows
    assert [row.stem for row in rows] == [row.stem for row in read_questions("题.txt", TEXT.encode()).rows]


@pytest.mark.parametrize(
    "content", [b"\xff\xff\xff\x00\x80", "caf\xe9 na\xefve".encode("latin-1") + b"\x80\xff"]
)
def test_an_unknown_encoding_is_refused(content):
    with pytest.raises(UnreadableFile):
        decode(content)


def test_rare_characters_survive_gb18030():
    assert decode("䶮㛃𫖯".encode("gb18030")) == ("䶮㛃𫖯", "gb18030")


def test_radicals_become_characters():
    assert tidy("⼯程　⽅法") == "工程 方法"


def test_the_layout_by_option_is_read():
    content = sheet(
        ["试题"],
        ["题目序号", "题目类型", "题目内容", "整体解析", "题目图片", "是否正确项", "选项内容", "选项解析"],
        [1, 1, "端口号是？", "默认80。", None, 0, 21, "文件传输"],
        [1, None, None, None, None, 1, 80.0, None],
        [2, 2, "哪些是？", None, None, 1, "甲", None],
        [2, None, None, None, None, 1, "乙", None],
        [2, None, None, None, None, 0, "丙", None],
        [3, 3, "对吗？", None, None, 0, "正确", None],
        [3, None, None, None, None, 1, "错误", None],
        [4, 1, "看图", None, "1.png", 1, "甲", None],
        [4, None, None, None, None, 0, "乙", None],
        [5, 9, "不知道的题型", None, None, 1, "甲", None],
        [6, 1, "没标对错", None, None, None, "甲", None],
    )
    rows = read_questions("题.xlsx", content).rows
    assert [(row.kind, row.answers) for row in usable(rows)] == [
        ("single", ("B",)),
        ("multiple", ("A", "B")),
        ("true_false", ("B",)),
    ]
    assert [option.text for option in rows[0].options] == ["21", "80"]
    assert rows[0].explanation == "默认80。\n「21」文件传输"
    assert [row.place for row in rows] == ["3", "5", "8", "10", "12", "13"]
    assert all(row.problem for row in rows[3:])


def test_options_of_different_questions_do_not_mix():
    content = sheet(
        ["题目序号", "题目类型", "题目内容", "是否正确项", "选项内容"],
        [1, 1, "题", 1, "甲"],
        [2, None, None, 0, "乙"],
    )
    (row,) = read_questions("题.xlsx", content).rows
    assert row.problem


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_layout_by_question_is_read(delimiter):
    lines = [
        ["编号", "题型", "题干", "选项A", "选项B", "选项C", "答案", "解析", "法规依据", "施行日期"],
        ["Q1", "单选题", "几年？", "3年", "6年", "", "B", "6年", "第十三条", "2021-06-01"],
        ["Q2", "多选题", "哪些？", "甲", "乙", "丙", "A、C", "", "", ""],
        ["Q3", "判断题", "对吗？", "", "", "", "×", "", "", ""],
        ["Q4", "判断题", "对吗呢？", "错误", "正确", "", "A", "", "", ""],
        ["Q5", "判断题", "答案不清", "", "", "", "也许", "", "", ""],
        ["Q6", "填空题", "填", "", "", "", "六", "", "", ""],
        ["Q7", "单选题", "日期", "3年", "6年", "", "B", "", "", "去年"],
    ]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    rows = read_questions("题.csv", text.encode("gb18030")).rows
    assert [(row.reference, row.kind, row.answers) for row in usable(rows)] == [
        ("Q1", "single", ("B",)),
        ("Q2", "multiple", ("A", "C")),
        ("Q3", "true_false", ("B",)),
        ("Q4", "true_false", ("B",)),
    ]
    assert rows[0].effective_from.isoformat() == "2021-06-01"
    assert all(row.problem for row in rows[4:])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", b"x"),
        ("a", b"x"),
        ("a.json", b""),
        ("a.json", b"{"),
        ("a.json", b"7"),
        ("a.json", b"[]"),
        ("a.xlsx", b"not a zip"),
        ("a.csv", "只有一行".encode()),
        ("a.gift", b"// nothing\n"),
        ("a.txt", b"x" * (2 * 1024 * 1024 + 1)),
        ("a.json", json.dumps([{}] * 5001).encode()),
    ],
)
def test_what_holds_no_questions_is_refused(name, content):
    with pytest.raises(UnreadableFile) as refusal:
        read_questions(name, content)
    assert str(refusal.value)


GIFT = r"""
// a comment
$CATEGORY: 资质认定

::Q1::证书有效期为{~3年#太短 =6年#对 ~长期}。

::Q2:: 虚假报告包括 {~%50%未经检验 ~%50%调换样品 ~%-100%封面颜色}

判断\:送检样品由委托人负责。{T#是的}

[html]<p>带<b>格式</b>的题</p>{=<p>甲</p> ~<p>乙</p>}
"""


def test_gift_is_read():
    single, multiple, judged, marked = read_questions("a.gift", GIFT.encode()).rows
    assert (single.reference, single.stem, single.answers) == ("Q1", "证书有效期为 _____ 。", ("B",))
    assert single.explanation == "「3年」太短\n「6年」对"
    assert (multiple.kind, multiple.answers) == ("multiple", ("A", "B"))
    assert (judged.kind, judged.stem, judged.answers) == ("true_false", "判断:送检样品由委托人负责。", ("A",))
    assert (marked.stem, [option.text for option in marked.options]) == ("带格式的题", ["甲", "乙"])
    assert marked.notes


@pytest.mark.parametrize(
    "text",
    [
        "说明文字",
        "论述题{}",
        "填空{=甲 =乙}",
        "数值{#3:1}",
        "配对{=甲->乙 =丙->丁}",
        "几个都对{=甲 =乙 ~丙}",
        "一半对{=甲 ~%50%乙 ~丙}",
        "权重不足{~%50%甲 ~%30%乙 ~丙}",
        '[html]<img src\\="a.png">看图{=甲 ~乙}',
        "没有收尾{=甲 ~乙",
        "看不懂{甲}",
    ],
)
def test_gift_of_other_kinds_is_refused_by_name(text):
    (row,) = read_questions("a.gift", text.encode()).rows
    assert row.problem


@pytest.mark.samples
def test_gift_samples_agree_with_their_oracle(samples):
    """Each question that the oracle calls choice or true-or-false is read alike, or refused with a reason."""
    agreed = 0
    for path in sorted((samples / "questions" / "gift").glob("*.gift")):
        oracle = [
            q for q in json.loads(path.with_suffix(".json").read_text("utf-8-sig")) if q["type"] != "Category"
        ]
        try:
            rows = read_questions(path.name, path.read_bytes()).rows
        except UnreadableFile:
            assert not oracle
            continue
        assert len(rows) == len(oracle), path.name
        for row, told in zip(rows, oracle, strict=True):
            if told["type"] not in ("MC", "TF"):
                assert row.problem, (path.name, told["type"])
                continue
            if row.problem:
                continue
            agreed += 1
            if told["type"] == "TF":
                assert row.answers == (("A",) if told["isTrue"] else ("B",))
            else:
                right = [choice["isCorrect"] for choice in told["choices"]]
                assert [option.key in row.answers for option in row.options] == right
            if told["stem"]["format"] != "html":
                assert row.stem == " ".join(told["stem"]["text"].split())
    assert agreed >= 12


@pytest.mark.samples
def test_chinese_samples_are_read_whole(samples):
    folder = samples / "questions" / "cn"
    rows = read_questions("模板.xlsx", (folder / "试题导入模板.xlsx").read_bytes()).rows
    assert [(row.kind, row.answers) for row in rows] == [
        ("single", ("B",)),
        ("single", ("C",)),
        ("multiple", ("A", "B", "D")),
        ("true_false", ("A",)),
    ]
    (path,) = folder.glob("*.txt")
    rows = read_questions(path.name, path.read_bytes()).rows
    assert len(rows) == 20
    assert [row.kind for row in rows].count("true_false") == 3
    assert "工程" in rows[0].stem
    for row in rows:
        checked(row)


@given(st.binary(max_size=400), st.sampled_from(EXTENSIONS))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_the_reader_fail_otherwise(content, extension):
    try:
        rows = read_questions(f"a.{extension}", content).rows
    except UnreadableFile:
        return
    for row in rows:
        with suppress(BadQuestion):
            checked(row)


@given(st.text(alphabet="{}~=#:%\\->5 A\n甲对TF$/[]html<p>", max_size=120))
@settings(max_examples=300, deadline=None)
def test_no_gift_makes_the_reader_fail(text):
    try:
        rows = read_questions("a.gift", text.encode()).rows
    except UnreadableFile:
        return
    assert all(row.problem or row.kind for row in rows)
