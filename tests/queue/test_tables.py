"""The tables of the queue, on every kind of database."""

from __future__ import annotations

import threading

from autotl.queue import Database


def test_who_makes_the_tables_at_the_same_time_is_in_nobodys_way(storage: str) -> None:
    databases = [Database(storage) for _ in range(6)]
    together, made = threading.Barrier(len(databases)), []

    def make(database: Database) -> None:
        together.wait()
        database.create()
        made.append(database.is_ready())

    threads = [threading.Thread(target=make, args=(each,)) for each in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in databases:
        each.close()
    assert made == [True] * len(databases)
