"""What is too slow or too large is not searched, and what is delivered is weighed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

import autotl
from autotl import search
from autotl.api import Backbone
from autotl.backbone import latency_of
from autotl.builtin.tiny import Tiny
from autotl.clock import Clock, FakeClock, WallClock
from autotl.errors import LimitError
from autotl.results import Findings
from autotl.search import Limits, limits, limits_of, missed, within
from autotl.terminal import Silence
from autotl.testing import tiny_images
