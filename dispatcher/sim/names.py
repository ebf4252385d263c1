"""Words the synthetic world is made of: people's names and symptoms; data, not interface texts."""

from __future__ import annotations

from typing import Final

FIRST_NAMES: Final = (
    "Anna", "Björn", "Dísa", "Einar", "Freyja", "Guðrún", "Halldór", "Inga", "Jón", "Katrín",
    "Lára", "Magnús", "Nína", "Ólafur", "Páll", "Ragna", "Sigurður", "Tinna", "Unnur", "Vala",
    "Þór", "Ævar", "Arnar", "Birta", "Daði", "Erla", "Fannar", "Gísli", "Harpa", "Ívar",
    "Jóna", "Kári", "Lilja", "Máni", "Njáll", "Oddný", "Pétur", "Rakel", "Svava", "Tómas",
    "Una", "Viðar",
)  # fmt: skip
FAMILY_INITIALS: Final = "ABDEGHIJKLMNÓPRSTÞ"
STREET_PEOPLE: Final = ("Reception", "Shop manager", "Facility desk", "Owner", "Night guard")

SYMPTOMS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    # model, English, Chinese
    "hardware": (
        ("LaserPro 420", "Printer jams on every second page", "打印机每两页卡纸一次"),
        ("POS-T88", "Receipt printer prints blank slips", "小票打印机打出空白"),
        ("UPS 3000", "Battery alarm, mains present", "市电正常但电池告警"),
        ("SW-48G", "Half of the switch ports are dark", "交换机一半端口不亮"),
        ("CAM-360", "Camera shows no picture after the rain", "雨后摄像头无画面"),
        ("DRV-15kW", "Drive trips on start", "变频器启动即跳闸"),
    ),
    "software": (
        ("POS suite 9", "Till cannot reach the card terminal", "收银机连不上刷卡终端"),
        ("Mail gateway", "Mail stands still since the update", "升级后邮件停滞"),
        ("ERP client", "Client closes when printing an invoice", "打印发票时客户端退出"),
        ("Backup agent", "Nightly backup fails with a time-out", "夜间备份超时失败"),
        ("Access control", "Cards are refused at random", "门禁随机拒卡"),
    ),
    "integration": (
        ("Conveyor cell", "Scanner and conveyor lose step", "扫描枪与输送线不同步"),
        ("Building control", "Heating ignores the timetable", "供暖不按时间表运行"),
        ("Kiosk line", "Two kiosks do not report to the centre", "两台自助机不上报"),
        ("Lab robot", "Robot stops when the cabinet opens", "柜门一开机械臂即停"),
    ),
}
