"""Believable invented customers from a seed. Numbers look like numbers and belong to nobody: four zeros follow the segment."""

from __future__ import annotations

import random
from collections.abc import Iterator

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_COMPOUND = ("欧阳", "上官", "司马", "诸葛", "司徒", "夏侯", "慕容", "令狐", "东方", "尉迟")
_GIVEN_F = ("雨桐", "欣怡", "梓涵", "诗琪", "佳怡", "静怡", "雅婷", "思琪", "晓燕", "美玲", "丽娟", "秀英", "文静", "若曦", "可馨", "婷婷", "慧敏", "海燕", "春兰", "玉珍", "芳", "静", "敏", "丽", "燕", "倩")
_GIVEN_M = ("浩然", "子轩", "宇航", "俊杰", "志强", "建国", "文博", "思远", "天宇", "明哲", "嘉豪", "国庆", "海涛", "晓东", "立新", "永康", "一鸣", "启明", "长河", "伟", "强", "磊", "军", "勇", "涛", "鹏")
_SEGMENTS = ("138", "139", "150", "158", "159", "186", "187", "188", "189", "135", "136", "199")
_CITIES = ("杭州市", "杭州市", "杭州市", "杭州市", "宁波市", "绍兴市", "嘉兴市", "湖州市", "金华市", "上海市", "南京市", "苏州市")
_DISTRICTS = {
    "杭州市": ("西湖区", "拱墅区", "上城区", "滨江区", "萧山区", "余杭区"),
    "宁波市": ("海曙区", "江北区", "鄞州区"), "绍兴市": ("越城区", "柯桥区"), "嘉兴市": ("南湖区", "秀洲区"),
    "湖州市": ("吴兴区", "南浔区"), "金华市": ("婺城区", "金东区"), "上海市": ("徐汇区", "浦东新区", "闵行区"),
    "南京市": ("鼓楼区", "玄武区"), "苏州市": ("姑苏区", "吴中区"),
}  # fmt: skip
_ROADS = ("青禾路", "梧桐路", "临江路", "学院路", "望湖路", "桂花街", "竹苑路", "云栖路")
_PRODUCTS = ("custom", "cabinet", "wardrobe", "balcony", "kids", "soft", "other")
_STAGES = ("enquiry", "enquiry", "measure", "quote", "quote", "signed", "aftersale", "lost")
_HOUSES = ("两室一厅", "三室两厅", "四室两厅", "复式", "一室一厅")
_ORGS = ("云栖设计", "临安木业", "拱宸酒店", "西溪地产", "南浔装饰", "柯桥纺织", "滨江软件", "吴山书店", "望湖民宿", "余杭中学")
_ORG_ENDS = ("有限公司", "股份有限公司", "工作室")
_INDUSTRIES = ("design", "decor", "hotel", "estate", "decor", "other", "office", "other", "hotel", "school")
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def mobile(number: int) -> str:
    """The n-th invented mobile number; distinct for n below 1,200,000."""
    return f"{_SEGMENTS[number % len(_SEGMENTS)]}000{number // len(_SEGMENTS):05d}"


def uscc(number: int) -> str:
    """An invented social credit code with a right check character (GB 32100-2015)."""
    body = f"91330106MA9{number:06d}"[:17].ljust(17, "0")
    total = sum(_USCC.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return body + _USCC[(31 - total % 31) % 31]


def person_name(dice: random.Random, gender: str) -> str:
    """A name; one in forty has a compound surname."""
    surname = dice.choice(_COMPOUND) if dice.random() < 0.025 else dice.choice(_SURNAMES)
    return surname + dice.choice(_GIVEN_F if gender == "f" else _GIVEN_M)


def persons(dice: random.Random, *, purpose: str, count: int, first: int) -> Iterator[dict[str, str]]:
    """Private customers as one purpose may hold them; half of them have no birthday."""
    for number in range(first, first + count):
        gender = dice.choice("fm")
        city = dice.choice(_CITIES)
        values = {"name": person_name(dice, gender), "mobile": mobile(number), "city": city}
        values["address"] = f"{city}{dice.choice(_DISTRICTS[city])}{dice.choice(_ROADS)} {dice.randint(1, 288)} 号 {dice.randint(1, 18)} 幢 {dice.randint(101, 1802)} 室"
        values["level"] = dice.choices(("a", "b", "c", "vip"), (20, 40, 37, 3))[0]
        values["source"] = dice.choice(("store", "web", "expo", "referral", "ecommerce", "phone"))
        values["stage"] = dice.choice(_STAGES)
        if dice.random() < 0.3:
            values["email"] = f"kh{number:05d}@example.cn"
        if purpose == "presale":
            values |= {
                "salutation": "ms" if gender == "f" else "mr", "product": dice.choice(_PRODUCTS),
                "intent": dice.choice(("high", "medium", "low")), "budget": str(dice.randint(5, 80) * 5000),
                "house_type": dice.choice(_HOUSES), "area_m2": str(dice.randint(45, 240)),
            }  # fmt: skip
        else:
            values["gender"] = gender
            if dice.random() < 0.5:
                values["birthday"] = f"{dice.randint(1955, 2002)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}"
        yield values


def organisations(dice: random.Random, *, count: int, first: int) -> Iterator[dict[str, str]]:
    """Business customers with a contact person."""
    for number in range(first, first + count):
        at = dice.randrange(len(_ORGS))
        yield {
            "org_name": f"{dice.choice(('杭州', '宁波', '绍兴', '嘉兴'))}{_ORGS[at]}{number % 97 + 1}{dice.choice(_ORG_ENDS)}",
            "name": person_name(dice, dice.choice("fm")),
            "mobile": mobile(number),
            "city": dice.choice(_CITIES),
            "uscc": uscc(number),
            "industry": _INDUSTRIES[at],
            "org_size": dice.choice(("s", "m", "l")),
            "level": dice.choice(("a", "b", "c")),
            "stage": dice.choice(_STAGES),
            "source": "expo",
        }
