from django.db import migrations

DISTRICTS = [
    ("310101", "黄浦区", "黄浦", "Huangpu"),
    ("310104", "徐汇区", "徐汇", "Xuhui"),
    ("310105", "长宁区", "长宁", "Changning"),
    ("310106", "静安区", "静安", "Jing'an"),
    ("310107", "普陀区", "普陀", "Putuo"),
    ("310109", "虹口区", "虹口", "Hongkou"),
    ("310110", "杨浦区", "杨浦", "Yangpu"),
    ("310112", "闵行区", "闵行", "Minhang"),
    ("310113", "宝山区", "宝山", "Baoshan"),
    ("310114", "嘉定区", "嘉定", "Jiading"),
    ("310115", "浦东新区", "浦东新区", "Pudong"),
    ("310116", "金山区", "金山", "Jinshan"),
    ("310117", "松江区", "松江", "Songjiang"),
    ("310118", "青浦区", "青浦", "Qingpu"),
    ("310120", "奉贤区", "奉贤", "Fengxian"),
    ("310151", "崇明区", "崇明", "Chongming"),
]


def make(apps, schema_editor):
    """Make the municipal bureau, the 16 district bureaus and Lin-gang's."""
    Authority = apps.get_model("institutions", "SupervisingAuthority")
    city, _ = Authority.objects.get_or_create(
        code="SH",
        defaults={
            "name": "上海市市场监督管理局",
            "name_en": "Shanghai Administration for Market Regulation",
            "short_name": "全市",
            "level": "municipal",
            "path": "/SH/",
            "admin_division": "310000",
        },
    )
    for position, (code, name, short, english) in enumerate(DISTRICTS, start=1):
        Authority.objects.get_or_create(
            code=f"SH-{code}",
            defaults={
                "name": f"上海市{name}市场监督管理局",
                "name_en": f"{english} Administration for Market Regulation",
                "short_name": short,
                "level": "district",
                "parent": city,
                "path": f"/SH/SH-{code}/",
                "admin_division": code,
                "position": position,
            },
        )
    Authority.objects.get_or_create(
        code="SH-LG",
        defaults={
            "name": "中国（上海）自由贸易试验区临港新片区市场监督管理局",
            "name_en": "Lin-gang Special Area Administration for Market Regulation",
            "short_name": "临港新片区",
            "level": "special",
            "parent": city,
            "path": "/SH/SH-LG/",
            "position": 17,
        },
    )


class Migration(migrations.Migration):
    dependencies = [("institutions", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
