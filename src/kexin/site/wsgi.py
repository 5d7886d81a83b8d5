"""What the web server calls. It does not start with more power over the database than web needs."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kexin.site.settings")
os.environ.setdefault("KEXIN_ROLE", "web")

from django.core.wsgi import get_wsgi_application

from kexin.site import holdings, power

application = get_wsgi_application()
power.refuse_excess()
holdings.refuse_unclaimed()
