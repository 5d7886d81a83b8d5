"""The formal 客户信息管理制度 composed from a rulebook: pure, no framework, no clock; `composition.compose` is the way in."""
