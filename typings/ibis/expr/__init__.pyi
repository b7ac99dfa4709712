from ibis.expr import types as types
