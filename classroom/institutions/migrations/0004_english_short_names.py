from django.db import migrations, models

ENGLISH = {
    "SH": "Shanghai",
    "SH-310101": "Huangpu",
    "SH-310104": "Xuhui",
    "SH-310105": "Changning",
    "SH-310106": "Jing'an",
    "SH-310107": "Putuo",
    "SH-310109": "Hongkou",
    "SH-310110": "Yangpu",
    "SH-310112": "Minhang",
    "SH-310113": "Baoshan",
    "SH-310114": "Jiading",
    "SH-310115": "Pudong",
    "SH-310116": "Jinshan",
    "SH-310117": "Songjiang",
    "SH-310118": "Qingpu",
    "SH-310120": "Fengxian",
    "SH-310151": "Chongming",
    "SH-LG": "Lin-gang",
}


def name(apps, schema_editor):
    """Give the authorities that an earlier migration made their English short names."""
    Authority = apps.get_model("institutions", "SupervisingAuthority")
    for code, english in ENGLISH.items():
        Authority.objects.filter(code=code, short_name_en="").update(short_name_en=english)


class Migration(migrations.Migration):
    dependencies = [("institutions", "0003_staff_imports")]
    operations = [
        migrations.AddField(
            model_name="supervisingauthority",
            name="short_name_en",
            field=models.CharField(blank=True, default="", max_length=32, verbose_name="English short name"),
        ),
        migrations.RunPython(name, migrations.RunPython.noop),
    ]
