"""The company's security controls and review cycles as requirements, each in its chapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from kexin.chapters.compliance.rules.document.blocks import Row, row
from kexin.chapters.compliance.rules.document.numerals import listed, period
from kexin.chapters.compliance.rules.document.words import role
from kexin.regime.types import Controls, Rulebook

#: Field of `Controls` -> chapter, what it is called, what it demands. Complete (tested).
CONTROLS: Mapping[str, tuple[int, str, str]] = {
    "notice_within": (1, "告知期限", "通过名片、转介绍等间接方式取得的个人信息，应当在{}内随首次联系完成告知，逾期未告知的封存"),
    "unproven_freeze_after": (1, "来源不明的处置期限", "来源或者凭证不明的客户信息，自导入之日起{}内未补充证明的封存"),
    "bin_keep": (2, "回收站保留期", "移入回收站的客户记录保留{}，期间不用于任何处理目的，期满删除"),
    "log_keep": (2, "操作记录保存期", "操作记录自形成之日起保存不少于{}"),
    "password_min_length": (3, "登录口令", "登录口令不少于{}位"),
    "signin_attempts": (3, "登录失败次数", "连续{}次登录失败的，暂停该账号登录"),
    "signin_lock": (3, "登录锁定时间", "暂停登录的时间不少于{}"),
    "session_idle": (3, "闲置退出", "登录后闲置{}的，自动退出"),
    "session_max": (3, "最长登录时间", "一次登录最长{}，期满须重新登录"),
    "fresh_signin": (3, "重新验证身份", "须重新验证登录身份的操作，以{}内的验证为有效"),
    "mfa_roles": (3, "多重验证", "下列岗位登录须采用两种以上验证方式：{}"),
    "token_max": (3, "接口令牌", "接口令牌有效期最长{}，以本人名义签发，随本人离岗失效"),
    "reveal_daily_floor": (3, "查看完整信息的每日限额", "每人每日查看完整信息的限额不低于{}次，超过限额的放慢显示，由主管即时延长，不中断正在办理的业务"),
    "reveal_p95_factor": (3, "限额的计算", "每日限额按本人近30日每日查看次数第95百分位数的{}倍计算，低于前项的按前项"),
    "reveal_shown": (3, "完整信息的显示时间", "完整信息显示{}后自动隐藏"),
    "search_misses_per_hour": (3, "检索未命中限额", "每人一小时内检索未命中达到{}次的，暂停检索"),
    "k_internal": (4, "内部统计的最小分组", "内部统计和分析结果的每一分组不少于{}人"),
    "k_public": (4, "对外统计的最小分组", "对外公布的统计结果的每一分组不少于{}人"),
    "export_rows_free": (5, "脱敏导出", "本人负责客户的脱敏名单，每次导出不超过{}行的，无须逐次批准"),
    "export_rows_two_approvers": (5, "大批量导出", "每次导出超过{}行的，须经两人批准"),
    "ask_again_after": (6, "再次征求同意的间隔", "客户拒绝同意后，{}内不得就同一事项再次征求"),
    "answer_days": (6, "答复期限", "个人权利请求自收到之日起{}日内答复"),
    "minor_approval_max": (6, "未成年人信息使用批准", "使用未成年人信息的批准，有效期最长{}"),
    "own_scope_max": (7, "名单完整处理的范围", "本人负责的客户不超过{}位的，可以在一次操作中完成排序和查找"),
    "quiet_from": (7, "免打扰时段开始", "自当日{}起，不得发送营销信息、拨打营销电话"),
    "quiet_to": (7, "免打扰时段结束", "至次日{}止，前项限制解除"),
    "lone_publisher_wait": (9, "一人签署的等待期", "本公司仅有一人可以签署制度的，放宽处理范围的版本自签署之时起{}后施行，收紧的即时施行"),
}
#: Review -> chapter, what is reviewed. Others are quoted in 法律合规.
REVIEWS: Mapping[str, tuple[int, str]] = {
    "catalogue_unused": (2, "清理信息目录中长期未使用的信息项"),
    "restore_drill": (2, "备份恢复演练"),
    "access_review": (3, "岗位权限复核"),
    "incident_drill": (3, "个人信息安全事件应急演练"),
    "vendor_check": (5, "受托人和接收方检查"),
    "vendor_check_sensitive": (5, "处理敏感个人信息的受托人和接收方检查"),
    "training": (8, "全员培训"),
    "compliance_audit": (9, "个人信息保护合规审计"),
    "rulebook_review": (9, "本制度评审"),
    "pia_review": (9, "个人信息保护影响评估复核"),
    "complaint_review": (10, "投诉和反馈分析"),
}


def demanded(book: Rulebook, name: str) -> str:
    """One control with its value."""
    value = getattr(book.controls, name)
    if isinstance(value, tuple):
        told = listed(role(book, key) for key in value) or "无"
    elif isinstance(value, int):
        told = str(value)
    else:
        told = period(value) if value.startswith("P") else value
    return CONTROLS[name][2].format(told)


def controls_of(book: Rulebook, chapter: int) -> tuple[Row, ...]:
    """The controls of one chapter: name and demand."""
    return tuple(
        row(CONTROLS[one.name][1], demanded(book, one.name)) for one in fields(Controls) if CONTROLS[one.name][0] == chapter
    )


def reviews_of(book: Rulebook, chapter: int) -> tuple[Row, ...]:
    """The review cycles of one chapter: what, and at least how often."""
    told = ((*REVIEWS.get(key, (9, f"“{key}”")), cycle) for key, cycle in book.reviews.items())
    return tuple(row(what, f"每{period(cycle)}至少一次") for home, what, cycle in told if home == chapter)
