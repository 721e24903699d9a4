"""The faults that a shop must live through, numbered, and what makes each of them happen here:
tests, and faults of the simulator.

`tests/house/test_fault_list.py` holds it: every number is here, and whatever is named exists.
"""

from __future__ import annotations

from attrs import frozen

_STORM = "tests/crash/test_crash_storm.py"
_CUTS = "tests/cuts/test_intent_cuts.py"
_DAMAGE = "tests/verifier/test_every_damage.py"
_CLOCK = "tests/scenarios/test_drill_clock.py"
_CLOSED = "tests/scenarios/test_drill_day_closed.py"
_JOURNAL_FAULTS = "tests/actors/test_journal_faults.py"
_CARDS = "tests/crash/test_crash_cards.py"
_POWER_LOSS = "tests/properties/test_power_loss.py"
_CHILD_CRASHES = "tests/scenarios/test_drill_child_crashes.py"
_LAST_ORDER = "tests/scenarios/test_drill_last_order.py"
_ONE_COUPON = "tests/scenarios/test_drill_one_coupon.py"
_ONE_CREDIT = "tests/scenarios/test_drill_one_credit.py"
_POWER_CUT = "tests/scenarios/test_drill_power_cut.py"
_PRINTER_DIES = "tests/scenarios/test_drill_printer_dies.py"
_SETTLEMENT = "tests/scenarios/test_story_settlement.py"
_LIES = "tests/simulation/test_simulated_lies.py"
_POWER_CUTS = "tests/simulation/test_simulated_power_cuts.py"
_DESCRIPTORS_RUN_OUT = "tests/store/test_descriptors_run_out.py"
_MEMORY_RUNS_OUT = "tests/store/test_memory_runs_out.py"
_REFUSES_TO_START = "tests/store/test_refuses_to_start.py"


@frozen
class Listed:
    """One fault. `tests` are node ids, `simulated` names of faults of the simulator. `missing` says
    what of it nothing brings about yet, and why."""

    number: int
    what: str
    tests: tuple[str, ...] = ()
    simulated: tuple[str, ...] = ()
    missing: str = ""


FAULT_LIST = (
    Listed(
        1,
        "kill -9 in the middle of a commit",
        (
            f"{_STORM}::test_no_promise_is_broken",
            f"{_STORM}::test_a_sale_survives_a_kill_at_any_of_its_steps",
            "tests/store/test_kill_store.py::test_no_acknowledged_sale_is_lost_or_doubled",
            f"{_JOURNAL_FAULTS}::test_kill_9_loses_no_answered_command",
        ),
        ("store_kill", "devices_kill", "integrations_kill", "front_restart"),
    ),
    Listed(
        2,
        "a torn write",
        (
            f"{_STORM}::test_no_promise_is_broken",
            f"{_JOURNAL_FAULTS}::test_a_failing_disk_loses_no_answered_command",
        ),
        ("power_cut_mid_write",),
    ),
    Listed(
        3,
        "no room on the disk",
        (
            "tests/scenarios/test_drill_disk_fills.py::test_the_disk_fills_during_the_rush",
            "tests/scenarios/test_drill_disk_fills.py::test_a_real_disk_fills_during_the_rush",
        ),
        ("disk_full", "disk_nearly_full"),
    ),
    Listed(
        4,
        "a sync fails",
        (
            f"{_STORM}::test_no_promise_is_broken",
            f"{_JOURNAL_FAULTS}::test_what_a_crash_left_in_the_log_is_made_durable_first",
        ),
        ("sync_fails",),
    ),
    Listed(
        5,
        "a write fails",
        (
            f"{_STORM}::test_no_promise_is_broken",
            f"{_JOURNAL_FAULTS}::test_a_failing_disk_loses_no_answered_command",
        ),
        ("write_fails",),
    ),
    Listed(
        6,
        "the power goes, and what was not synced with it",
        (
            f"{_POWER_CUTS}::test_a_power_cut_at_any_act_of_the_disk_loses_no_acknowledged_sale",
            f"{_POWER_LOSS}::test_no_answered_command_is_lost_when_the_power_goes",
            f"{_POWER_CUT}::test_the_power_goes_between_payment_and_receipt",
        ),
        ("power_cut", "power_cut_mid_write"),
    ),
    Listed(
        7,
        "a disk that lies about its syncs",
        (
            f"{_LIES}::test_what_a_lying_disk_lost_is_named_at_the_next_start",
            f"{_STORM}::test_a_lying_disk_is_noticed",
            f"{_STORM}::test_the_store_refuses_what_a_lying_disk_left",
        ),
        ("sync_lies",),
    ),
    Listed(
        8,
        "bit rot",
        (
            f"{_DAMAGE}::test_a_flipped_bit_that_a_reader_sees_is_named",
            f"{_DAMAGE}::test_a_log_that_is_damaged_loses_nothing_unnamed",
            f"{_REFUSES_TO_START}::test_a_changed_record_is_named_and_the_file_kept",
            "tests/actors/test_journal_backup.py::test_restoring_over_a_journal_moves_it_aside",
        ),
        ("snapshot_damaged",),
        "There is no replica of a journal yet: it is restored from a backup.",
    ),
    Listed(
        9,
        "a slow disk",
        ("tests/e2e/test_lost_server.py::test_a_page_says_that_a_slow_disk_saves",),
        ("disk_slow", "front_repeats"),
    ),
    Listed(
        10,
        "the clock jumps",
        (
            f"{_CLOCK}::test_the_clock_jumps_while_the_shop_sells",
            f"{_CLOCK}::test_a_jump_makes_no_drawer_late_and_no_receipt_wait",
            f"{_CLOCK}::test_the_clock_jumps_around_the_end_of_the_business_day",
            f"{_CLOSED}::test_a_clock_that_ran_ahead_or_fell_back_dates_no_z",
            "tests/actors/test_world.py::test_the_business_date_ends_at_the_cut_off",
            "tests/actors/test_world.py::test_the_business_date_never_steps_back",
        ),
        ("clock_jumps",),
    ),
    Listed(
        11,
        "messages lost, doubled, late, in another order; no connection",
        ("tests/scenarios/test_drill_retries.py::test_any_pattern_of_repeats_is_one_day",),
        (
            "fronts_link_bad",
            "devices_link_bad",
            "link_partitioned",
            "link_cut",
            "front_repeats",
            "front_reorders",
            "front_gives_up",
            "front_reuses_ids",
            "provider_away",
            "bank_away",
        ),
        "Between a store and its headquarters: there are none yet.",
    ),
    Listed(
        12,
        "a terminal dies after it approved",
        (
            f"{_CUTS}::test_the_wire_cut_at_every_byte_and_the_store_at_every_await_point",
            f"{_CUTS}::test_the_wire_cut_on_real_sockets_and_ptys",
        ),
        ("terminal_unplugged", "terminal_reboots", "terminal_slow"),
    ),
    Listed(
        13,
        "the store dies between an approval and the end of its sale",
        (
            f"{_CUTS}::test_the_wire_cut_at_every_byte_and_the_store_at_every_await_point",
            f"{_CARDS}::test_a_card_payment_survives_a_kill_at_any_of_its_steps",
        ),
        ("store_kill", "power_cut"),
    ),
    Listed(
        14,
        "a printer without paper, open, or dead in the middle of a receipt",
        (
            f"{_PRINTER_DIES}::test_a_printer_that_dies_at_any_byte_of_a_slip",
            f"{_PRINTER_DIES}::test_a_shop_whose_printer_dies_mid_slip_sells_on",
        ),
        (
            "paper_out",
            "cover_open",
            "printer_dies_mid_slip",
            "printer_hangs",
            "printer_unplugged",
        ),
    ),
    Listed(
        15,
        "two registers and one last thing",
        (
            f"{_LAST_ORDER}::test_two_registers_and_the_last_suspended_order",
            f"{_ONE_COUPON}::test_one_coupon_is_used_once_at_two_registers",
            f"{_ONE_CREDIT}::test_one_note_is_spent_once_at_two_registers",
        ),
        (),
        "The last item of a stock: no stock is kept yet.",
    ),
    Listed(
        16,
        "the world outside away for a day and more",
        ("tests/scenarios/test_drill_thirty_days.py::test_thirty_days_without_the_outside",),
        ("provider_away",),
        "A headquarters that comes back and is told of it all: there is none yet.",
    ),
    Listed(
        17,
        "another release in the middle of the day",
        (
            "tests/scenarios/test_drill_upgrade.py::test_another_release_goes_on_with_the_day",
            "tests/engine/test_engine_image_upcast.py::test_a_journal_of_version_1_tenders_is_read",
            "tests/engine/test_engine_image_upcast.py::test_old_events_take_every_step",
            "tests/actors/test_carriers.py::test_other_versions_are_refused",
            "tests/protocols/test_front_codec.py::test_another_version_is_told_before_its_shape",
        ),
        (),
        "A register of the release before: it is refused at once, between sales and in one.",
    ),
    Listed(
        18,
        "a snapshot that is damaged, or older than what follows it",
        (
            "tests/actors/test_journal_backup.py::test_a_damaged_snapshot_is_passed_over",
            "tests/actors/test_history.py::test_a_snapshot_is_believed_only_where_it_was_made",
        ),
        ("snapshot_damaged",),
    ),
    Listed(
        19,
        "declined by the terminal, approved by the bank",
        (f"{_SETTLEMENT}::test_a_decline_that_the_bank_approved_is_not_silent",),
    ),
    Listed(
        20,
        "the day closed in a sale, twice, or offline",
        (
            f"{_CLOSED}::test_the_day_is_closed_with_orders_open",
            f"{_CLOSED}::test_a_sale_and_the_close_in_the_same_moment",
            "tests/engine/test_engine_till.py::test_closing_posts_the_difference_once",
        ),
        ("front_repeats",),
    ),
    Listed(
        21,
        "no more files, no more memory",
        (
            f"{_DESCRIPTORS_RUN_OUT}::test_a_store_without_a_free_descriptor_sells_on",
            f"{_MEMORY_RUNS_OUT}::test_a_store_without_memory_ends_and_has_all_it_answered",
        ),
        ("store_kill",),
    ),
    Listed(
        22,
        "actors that fail again and again, and what they fail of",
        (
            "tests/actors/test_supervisor.py::test_pauses_double_and_then_it_is_held",
            f"{_CHILD_CRASHES}::test_a_child_process_that_crashes_every_second",
            "tests/scenarios/test_drill_poison_view.py::test_a_poison_event_in_a_view",
        ),
        ("actors_fail",),
    ),
)
