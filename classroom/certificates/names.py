"""Chinese names in Latin letters, as passports write them: `LIN Jing`, `OUYANG Xiu`. Pure."""

import re

# Surnames that are read otherwise than the same character elsewhere.
_SURNAMES = {
    "仇": "qiu", "任": "ren", "单": "shan", "区": "ou", "华": "hua", "召": "shao", "尉": "wei",
    "曾": "zeng", "朴": "piao", "查": "zha", "盖": "ge", "秘": "bi", "种": "chong", "缪": "miao",
    "繁": "po", "翟": "zhai", "芮": "rui", "葛": "ge", "覃": "qin", "解": "xie", "谌": "chen",
    "逄": "pang", "那": "na", "郇": "xun",
    "长孙": "zhangsun", "万俟": "moqi", "尉迟": "yuchi", "单于": "chanyu", "澹台": "tantai",
}  # fmt: skip
_COMPOUND = frozenset(
    (  # noqa: SIM905 - seventy quoted names would be harder to read
        "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 "
        "濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 "
        "公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 "
        "微生 单于 西门 第五 "
    ).split()
)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")


def _letters(characters: str) -> str:
    """Return plain letters; ü is written YU after l and n, as in passports; unknown characters vanish."""
    # Loaded by who needs it: its dictionaries take 50 MB.
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(characters, style=Style.NORMAL, errors="ignore", v_to_u=False)
    return "".join(syllables).replace("v", "yu")


def romanise(name: str) -> str:
    """Return a Chinese name in pinyin, surname in capitals; empty for any other name.

    A reading that the characters leave open may be wrong: the holder's own romanised name goes first.
    """
    name = "".join(name.split())
    if not _HAN.fullmatch(name.replace("·", "")) or len(name) < 2:
        return ""
    if "·" in name:
        return " ".join(_letters(part).capitalize() for part in name.split("·"))
    cut = 2 if name[:2] in _COMPOUND and len(name) > 2 else 1
    surname, given = name[:cut], name[cut:]
    family = _SURNAMES.get(surname) or _letters(surname)
    return f"{family.upper()} {_letters(given).capitalize()}".strip()


def syllable(character: str) -> str:
    """Return the reading of one character in capitals, for where no face can draw it; may be empty."""
    return _letters(character).upper()
