from tests.support.databases import sqlite_engine, sqlite_template

__all__ = ["sqlite_engine", "sqlite_template"]
