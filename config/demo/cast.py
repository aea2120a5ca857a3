"""Who plays in the demo: invented institutions and people. Pure, and the same at every run."""

import random
from dataclasses import dataclass, field

from classroom.institutions.codes import organisation_check_digit, uscc_check_digit

_SEED = 20261123


@dataclass(frozen=True, slots=True)
class House:
    """An institution of the demo."""

    key: str
    name: str
    short_name: str
    name_en: str
    division: str
    authority: str
    staff: int

    @property
    def uscc(self) -> str:
        """A synthetic code with right check digits; `Y1` is "other", so it can meet no real one."""
        stem = f"DEM{self.key}"
        stem = f"Y1{self.division}{stem}{organisation_check_digit(stem)}"
        return stem + uscc_check_digit(stem)


HOUSES: tuple[House, ...] = (
    House(
        "A0101",
        "东岸食品检测（演示）有限公司",
        "东岸食品",
        "East Bank Food Testing (Demo)",
        "310115",
        "SH-310115",
        9,
    ),
    House(
        "A0102",
        "浦东衡准计量检测（演示）有限公司",
        "衡准计量",
        "Hengzhun Metrology (Demo)",
        "310115",
        "SH-310115",
        7,
    ),
    House(
        "A0103",
        "临港智联汽车检测（演示）有限公司",
        "智联汽车",
        "Zhilian Automotive (Demo)",
        "310115",
        "SH-LG",
        7,
    ),
    House(
        "A0201",
        "徐汇康源医药检验（演示）中心",
        "康源医药",
        "Kangyuan Pharma Lab (Demo)",
        "310104",
        "SH-310104",
        7,
    ),
    House(
        "A0202",
        "漕河泾电子产品检测（演示）有限公司",
        "漕河泾电子",
        "Caohejing Electronics (Demo)",
        "310104",
        "SH-310104",
        6,
    ),
    House(
        "A0301",
        "闵行环境监测技术（演示）有限公司",
        "闵行环境",
        "Minhang Environment (Demo)",
        "310112",
        "SH-310112",
        7,
    ),
    House(
        "A0302",
        "莘庄建筑工程检测（演示）有限公司",
        "莘庄建工",
        "Xinzhuang Construction (Demo)",
        "310112",
        "SH-310112",
        6,
    ),
    House(
        "A0401",
        "嘉定机动车检验（演示）有限公司",
        "嘉定机动车",
        "Jiading Vehicles (Demo)",
        "310114",
        "SH-310114",
        7,
    ),
    House(
        "A0402",
        "安亭材料力学检测（演示）有限公司",
        "安亭材料",
        "Anting Materials (Demo)",
        "310114",
        "SH-310114",
        6,
    ),
    House(
        "A0501",
        "宝山钢铁制品检测（演示）有限公司",
        "宝山钢铁",
        "Baoshan Steel (Demo)",
        "310113",
        "SH-310113",
        6,
    ),
    House(
        "A0502",
        "吴淞化学品检测（演示）有限公司",
        "吴淞化学",
        "Wusong Chemicals (Demo)",
        "310113",
        "SH-310113",
        5,
    ),
    House(
        "A0601",
        "松江纺织品检测（演示）有限公司",
        "松江纺织",
        "Songjiang Textiles (Demo)",
        "310117",
        "SH-310117",
        5,
    ),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff of the demo."""

    name: str
    romanised: str
    email: str
    house: str
    posts: tuple[str, ...]
    department: str
    diligence: float
    groups: tuple[str, ...] = field(default=())
    is_manager: bool = False
    authority: str = ""


_SURNAMES = [
    ("陈", "Chen"), ("林", "Lin"), ("王", "Wang"), ("周", "Zhou"), ("沈", "Shen"), ("陆", "Lu"), ("顾", "Gu"),
    ("徐", "Xu"), ("许", "Xu"), ("朱", "Zhu"), ("蒋", "Jiang"), ("钱", "Qian"), ("吴", "Wu"), ("何", "He"),
    ("郑", "Zheng"), ("姚", "Yao"), ("欧阳", "Ouyang"), ("唐", "Tang"), ("高", "Gao"), ("曹", "Cao"),
]  # fmt: skip
_GIVEN = [
    ("静", "Jing"), ("思远", "Siyuan"), ("海峰", "Haifeng"), ("一鸣", "Yiming"), ("雨桐", "Yutong"), ("嘉怡", "Jiayi"),
    ("文博", "Wenbo"), ("晓岚", "Xiaolan"), ("志远", "Zhiyuan"), ("明轩", "Mingxuan"), ("若曦", "Ruoxi"), ("建国", "Jianguo"),
    ("丽娟", "Lijuan"), ("子墨", "Zimo"), ("欣然", "Xinran"), ("俊杰", "Junjie"), ("婷婷", "Tingting"), ("浩然", "Haoran"),
    ("佳宁", "Jianing"), ("国栋", "Guodong"), ("雪梅", "Xuemei"), ("宇航", "Yuhang"), ("敏", "Min"), ("䶮", "Yan"),
]  # fmt: skip
_POSTS = [
    ("top_manager", "technical_manager"), ("quality_manager", "internal_auditor"), ("authorised_signatory",),
    ("tester",), ("tester",), ("sample_custodian",), ("tester", "supervisor"), ("equipment_custodian",), ("report_reviewer",),
]  # fmt: skip
_DEPARTMENTS = ["综合部", "质量部", "技术部", "理化室", "微生物室", "样品室", "现场组", "设备室", "报告室"]

# One account for each role; all with the one password of the demo.
ACCOUNTS: tuple[Person, ...] = (
    Person("陈思远", "CHEN Siyuan", "learner@demo.example", "A0101", ("tester",), "理化室", 0.5),
    Person("唐一鸣", "TANG Yiming", "trainer@demo.example", "", (), "", 0, ("Trainers",)),
    Person("陆文博", "LU Wenbo", "reviewer@demo.example", "", (), "", 0, ("Reviewers",)),
    Person(
        "沈晓岚",
        "SHEN Xiaolan",
        "manager@demo.example",
        "A0101",
        ("quality_manager",),
        "质量部",
        0.95,
        (),
        True,
    ),
    Person("周志远", "ZHOU Zhiyuan", "district@demo.example", "", (), "", 0, (), False, "SH-310115"),
    Person("顾海峰", "GU Haifeng", "city@demo.example", "", (), "", 0, (), False, "SH"),
    Person("何敏", "HE Min", "operator@demo.example", "", (), "", 0, ("Operators",)),
)


def staff() -> list[Person]:
    """Return some eighty people over the twelve institutions, the accounts of the roles left out."""
    dice = random.Random(_SEED)  # noqa: S311 - a play, not a secret
    people: list[Person] = []
    names = [(s, g) for s in _SURNAMES for g in _GIVEN]
    dice.shuffle(names)
    for house in HOUSES:
        for index in range(house.staff):
            surname, given = names.pop()
            people.append(
                Person(
                    name=surname[0] + given[0],
                    romanised=f"{surname[1].upper()} {given[1]}",
                    email=f"{surname[1]}.{given[1]}.{house.key}{index}".lower() + "@demo.example",
                    house=house.key,
                    posts=_POSTS[index % len(_POSTS)],
                    department=_DEPARTMENTS[index % len(_DEPARTMENTS)],
                    diligence=dice.betavariate(2.2, 1.6),
                    is_manager=index == 1 and house.key != "A0101",
                )
            )
    return people
