"""Surnames that are read in their own way, and surnames of two characters. Ours, before any general dictionary:
a person called 单 is Shan whatever the dictionary prefers.

No standard lists these readings. Each is one that the dictionary of pypinyin 0.55 knows for the character, and none
contradicts the surname list of overtrue/pinyin (both compared on 2026-11-23; tests/test_surname_readings.py keeps it so);
the two that only usage knows are named in `UNATTESTED`. Search alone stands on them: a wrong one finds somebody less.
"""

from __future__ import annotations

#: Character -> readings as a surname. Where two families read it differently, both stand.
READINGS: dict[str, tuple[str, ...]] = {
    "单": ("shan",), "查": ("zha",), "仇": ("qiu",), "曾": ("zeng",), "解": ("xie",), "区": ("ou",),
    "朴": ("piao",), "任": ("ren",), "华": ("hua",), "盖": ("ge", "gai"), "乐": ("yue", "le"),
    "覃": ("qin", "tan"), "翟": ("zhai", "di"), "缪": ("miao",), "逄": ("pang",), "牟": ("mu", "mou"),
    "员": ("yun",), "郇": ("xun", "huan"), "冼": ("xian",), "洗": ("xian",), "种": ("chong",), "重": ("chong",),
    "繁": ("po",), "召": ("shao",), "折": ("she",), "尹": ("yin",), "纪": ("ji",), "燕": ("yan",),
    "宁": ("ning",), "宓": ("mi", "fu"), "黑": ("he", "hei"), "哈": ("ha",), "秘": ("bi", "mi"), "佴": ("nai",),
    "钭": ("tou",), "能": ("nai",), "阚": ("kan",), "隗": ("wei", "kui"), "谌": ("chen", "shen"), "戢": ("ji",),
    "郤": ("xi",), "鲜": ("xian",), "訾": ("zi",), "昝": ("zan",), "麦": ("mai",), "芮": ("rui",), "应": ("ying",),
    "占": ("zhan",), "相": ("xiang",), "车": ("che",), "干": ("gan",), "石": ("shi",), "葛": ("ge",),
    "过": ("guo",), "那": ("na",), "柏": ("bai", "bo"), "卜": ("bu",), "祭": ("zhai",), "都": ("du",),
    "咸": ("xian",), "行": ("xing",), "晁": ("chao",), "朝": ("chao",), "观": ("guan",), "尉": ("wei",),
    "万": ("wan",), "长": ("chang",), "夏": ("xia",), "沈": ("shen",), "贾": ("jia",), "俞": ("yu",),
    "薄": ("bo",), "褚": ("chu",), "郝": ("hao",), "欧": ("ou",), "曲": ("qu",), "冯": ("feng",), "令": ("ling",),
    "洪": ("hong",), "施": ("shi",), "毌": ("guan",), "乜": ("nie",), "幺": ("yao",), "厍": ("she",), "撒": ("sa",),
    "适": ("kuo", "shi"), "亓": ("qi",), "陆": ("lu",), "余": ("yu",), "殷": ("yin",), "祝": ("zhu",),
}  # fmt: skip

#: [M] Readings of usage alone: no dictionary at hand has them.
UNATTESTED = frozenset({("黑", "he"), ("谌", "shen")})

#: Surnames of two characters with their two syllables; "lv/lu" where both are typed or read. Every 复姓 that the masks know
#: (regime.semantic), and `SEARCHED_ONLY`.
COMPOUND: dict[str, tuple[str, str]] = {
    "欧阳": ("ou", "yang"), "司马": ("si", "ma"), "上官": ("shang", "guan"), "诸葛": ("zhu", "ge"),
    "尉迟": ("yu", "chi"), "万俟": ("mo", "qi"), "长孙": ("zhang", "sun"), "令狐": ("ling", "hu"),
    "皇甫": ("huang", "fu"), "夏侯": ("xia", "hou"), "东方": ("dong", "fang"), "公孙": ("gong", "sun"),
    "慕容": ("mu", "rong"), "宇文": ("yu", "wen"), "司徒": ("si", "tu"), "司空": ("si", "kong"),
    "南宫": ("nan", "gong"), "独孤": ("du", "gu"), "轩辕": ("xuan", "yuan"), "端木": ("duan", "mu"),
    "百里": ("bai", "li"), "呼延": ("hu", "yan"), "闻人": ("wen", "ren"), "申屠": ("shen", "tu"),
    "太史": ("tai", "shi"), "淳于": ("chun", "yu"), "单于": ("chan", "yu"), "鲜于": ("xian", "yu"),
    "公冶": ("gong", "ye"), "宗政": ("zong", "zheng"), "濮阳": ("pu", "yang"), "赫连": ("he", "lian"),
    "澹台": ("tan", "tai"), "钟离": ("zhong", "li"), "仲孙": ("zhong", "sun"), "拓跋": ("tuo", "ba"),
    "乐正": ("yue", "zheng"), "漆雕": ("qi", "diao"), "公羊": ("gong", "yang"), "梁丘": ("liang", "qiu"),
    "左丘": ("zuo", "qiu"), "东郭": ("dong", "guo"), "南门": ("nan", "men"), "西门": ("xi", "men"),
    "第五": ("di", "wu"), "完颜": ("wan", "yan"), "纳兰": ("na", "lan"), "叶赫": ("ye", "he"),
    "贺兰": ("he", "lan"), "段干": ("duan", "gan"), "谷梁": ("gu", "liang"), "巫马": ("wu", "ma"),
    "羊舌": ("yang", "she"), "微生": ("wei", "sheng"), "司寇": ("si", "kou"), "壤驷": ("rang", "si"),
    "太叔": ("tai", "shu"), "闾丘": ("lv/lu", "qiu"), "亓官": ("qi", "guan"), "子车": ("zi", "ju/che"),
    "颛孙": ("zhuan", "sun"), "公西": ("gong", "xi"), "公良": ("gong", "liang"), "夹谷": ("jia", "gu"),
    "宰父": ("zai", "fu"), "东门": ("dong", "men"), "伯赏": ("bo", "shang"),
}  # fmt: skip

#: [M] Surnames that no source at hand attests today: searching reads them as pairs, masks do not (one character shown
#: too many would be a leak, one reading too many is not).
SEARCHED_ONLY = frozenset({"独孤", "太史", "纳兰", "叶赫"})


def surnames_of(name: str) -> tuple[str, ...]:
    """What may be the surname of a searchable name: the compound one where it begins with one, and the first character."""
    if len(name) > 2 and name[:2] in COMPOUND:
        return (name[:2], name[:1])
    return (name[:1],) if name else ()
