"""Invented people for measuring: the same seed gives the same people; nobody exists."""

from __future__ import annotations

import random
from collections.abc import Iterator

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
_GIVEN = "伟芳娜敏静丽强磊洋艳勇军杰娟涛明超秀霞平刚桂英华玉兰萍红梅建国志文博雨桐子涵欣怡浩宇思远梓轩嘉怡晨曦"
_CITIES = ("杭州市", "宁波市", "绍兴市", "嘉兴市", "温州市", "金华市", "湖州市")
_ROADS = ("文三路", "解放路", "中山北路", "人民大道", "学院路", "天目山路", "莫干山路")
#: Mobile segments that exist; the last eight digits are drawn.
_SEGMENTS = ("138", "139", "150", "151", "152", "157", "158", "159", "182", "183", "186", "187", "188")
_LEVELS = ("a", "b", "b", "c", "c", "c", "vip")
_STAGES = ("enquiry", "measure", "quote", "signed", "aftersale", "lost")
_SOURCES = ("store", "web", "expo", "referral", "phone", "other")
#: What a row has: four sealed values and four open facets.
FIELDS = ("name", "mobile", "email", "address", "city", "level", "stage", "source")


def people(count: int, *, seed: int = 2026) -> Iterator[dict[str, str]]:
    """``count`` rows of catalogue values: name, mobile, e-mail, address, and the facets city, level, stage, source."""
    draw = random.Random(seed)
    for index in range(count):
        given = "".join(draw.sample(_GIVEN, draw.choice((1, 2, 2, 2))))
        # A counter, scattered by a multiplier without common factor, gives every person a number of their own.
        tail = f"{(index * 7919 + seed * 104729) % 100_000_000:08d}"
        city = draw.choice(_CITIES)
        house = f"{draw.randint(1, 900)}号{draw.randint(1, 30)}幢{draw.randint(101, 2908)}室"
        yield {
            "name": draw.choice(_SURNAMES) + given,
            "mobile": draw.choice(_SEGMENTS) + tail,
            "email": f"user{index}.{seed}@example.com",
            "address": f"浙江省{city}{draw.choice(_ROADS)}{house}",
            "city": city,
            "level": draw.choice(_LEVELS),
            "stage": draw.choice(_STAGES),
            "source": draw.choice(_SOURCES),
        }
