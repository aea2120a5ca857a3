"""Shanghai's administrative divisions (GB/T 2260) and the offices that supervise in them."""

from dataclasses import dataclass

MUNICIPAL = "SH"
LINGANG = "SH-LG"


@dataclass(frozen=True, slots=True)
class District:
    """A division of six digits; `column` and `row` place it by bearing on the 5 by 5 tile map."""

    code: str
    name: str
    short_name: str
    name_en: str
    column: int
    row: int

    @property
    def authority(self) -> str:
        """The code of the district's bureau."""
        return f"SH-{self.code}"


DISTRICTS: tuple[District, ...] = (
    District("310101", "黄浦区", "黄浦", "Huangpu", 3, 2),
    District("310104", "徐汇区", "徐汇", "Xuhui", 2, 2),
    District("310105", "长宁区", "长宁", "Changning", 1, 2),
    District("310106", "静安区", "静安", "Jing'an", 2, 1),
    District("310107", "普陀区", "普陀", "Putuo", 1, 1),
    District("310109", "虹口区", "虹口", "Hongkou", 3, 1),
    District("310110", "杨浦区", "杨浦", "Yangpu", 4, 1),
    District("310112", "闵行区", "闵行", "Minhang", 2, 3),
    District("310113", "宝山区", "宝山", "Baoshan", 2, 0),
    District("310114", "嘉定区", "嘉定", "Jiading", 0, 1),
    District("310115", "浦东新区", "浦东新区", "Pudong", 4, 2),
    District("310116", "金山区", "金山", "Jinshan", 1, 4),
    District("310117", "松江区", "松江", "Songjiang", 1, 3),
    District("310118", "青浦区", "青浦", "Qingpu", 0, 2),
    District("310120", "奉贤区", "奉贤", "Fengxian", 2, 4),
    District("310151", "崇明区", "崇明", "Chongming", 3, 0),
)
BY_CODE: dict[str, District] = {district.code: district for district in DISTRICTS}
# Lin-gang has no division code and overlaps two districts, so it stands apart on the map.
LINGANG_TILE = (4, 4)


def district_name(code: str) -> str:
    """Return the Chinese name of a division, or the code itself where it is outside Shanghai."""
    district = BY_CODE.get(code)
    return district.name if district else code
