"""The demo company 青禾家居（示例公司）: staff, rulebook, notice and 2,000 invented customers, told by a seed."""

from kexin.site.demo.loading import half_told, load

__all__ = ["half_told", "load"]
