// SPDX-License-Identifier: Apache-2.0
// The functions that run the verbs; see struct verb. Each returns the exit status and has told its failure.
#ifndef CLIENT_CLI_VERBS_H
#define CLIENT_CLI_VERBS_H

#include "client/cli/cli.h"

int verb_match_run(struct cli *cli, int argc, char **argv);
int verb_match_explain(struct cli *cli, int argc, char **argv);
int verb_find_interests(struct cli *cli, int argc, char **argv);
int verb_find_regions(struct cli *cli, int argc, char **argv);
int verb_record_add(struct cli *cli, int argc, char **argv);
int verb_record_show(struct cli *cli, int argc, char **argv);
int verb_record_list(struct cli *cli, int argc, char **argv);
int verb_record_status(struct cli *cli, int argc, char **argv);
int verb_record_remove(struct cli *cli, int argc, char **argv);
int verb_placement_reserve(struct cli *cli, int argc, char **argv);
int verb_placement_move(struct cli *cli, int argc, char **argv);
int verb_placement_forget(struct cli *cli, int argc, char **argv);
int verb_placements_list(struct cli *cli, int argc, char **argv);
int verb_placements_show(struct cli *cli, int argc, char **argv);
int verb_placements_declines(struct cli *cli, int argc, char **argv);
int verb_watch_run(struct cli *cli, int argc, char **argv);
void verb_record_reword(const struct verb *verb, const Kansen__V1__Status *status, struct cli_words *words);
int verb_client_add(struct cli *cli, int argc, char **argv);
int verb_client_certificate(struct cli *cli, int argc, char **argv);
int verb_client_list(struct cli *cli, int argc, char **argv);
int verb_client_status(struct cli *cli, int argc, char **argv);
int verb_token_issue(struct cli *cli, int argc, char **argv);
int verb_token_list(struct cli *cli, int argc, char **argv);
int verb_token_revoke(struct cli *cli, int argc, char **argv);
int verb_import_run(struct cli *cli, int argc, char **argv);
int verb_export_run(struct cli *cli, int argc, char **argv);
int verb_backup_run(struct cli *cli, int argc, char **argv);
int verb_dump_store(struct cli *cli, int argc, char **argv);
int verb_dump_journal(struct cli *cli, int argc, char **argv);
int verb_load_run(struct cli *cli, int argc, char **argv);
int verb_top_run(struct cli *cli, int argc, char **argv);
int verb_status_run(struct cli *cli, int argc, char **argv);
int verb_status_ping(struct cli *cli, int argc, char **argv);
int verb_round_create(struct cli *cli, int argc, char **argv);
int verb_round_offers(struct cli *cli, int argc, char **argv);
int verb_round_draw(struct cli *cli, int argc, char **argv);
int verb_round_secret(struct cli *cli, int argc, char **argv);
int verb_round_step(struct cli *cli, int argc, char **argv);
int verb_round_submit(struct cli *cli, int argc, char **argv);
int verb_round_withdraw(struct cli *cli, int argc, char **argv);
int verb_round_show(struct cli *cli, int argc, char **argv);
int verb_round_list(struct cli *cli, int argc, char **argv);
int verb_round_result(struct cli *cli, int argc, char **argv);
int verb_round_explain(struct cli *cli, int argc, char **argv);
int verb_round_object(struct cli *cli, int argc, char **argv);
int verb_round_objections(struct cli *cli, int argc, char **argv);
int verb_round_review(struct cli *cli, int argc, char **argv);
int verb_round_agree(struct cli *cli, int argc, char **argv);
int verb_round_corrections(struct cli *cli, int argc, char **argv);
int verb_round_receipt(struct cli *cli, int argc, char **argv);
int verb_round_receipts(struct cli *cli, int argc, char **argv);
int verb_round_refs(struct cli *cli, int argc, char **argv);
int verb_round_export(struct cli *cli, int argc, char **argv);

// Flags of these verbs.
extern const struct flag verb_match_flags[], verb_match_explain_flags[], verb_find_flags[],
    verb_record_source_flags[], verb_record_write_flags[], verb_record_partner_list_flags[],
    verb_record_offer_list_flags[], verb_placement_reserve_flags[], verb_placement_move_flags[],
    verb_placement_decline_flags[], verb_placement_forget_flags[], verb_placements_list_flags[],
    verb_placements_source_flags[], verb_watch_flags[], verb_import_flags[], verb_export_flags[],
    verb_client_add_flags[], verb_client_status_flags[], verb_token_issue_flags[], verb_token_list_flags[],
    verb_token_revoke_flags[], verb_backup_flags[], verb_dump_journal_flags[], verb_round_create_flags[],
    verb_round_corrections_flags[], verb_round_draw_flags[], verb_round_step_flags[],
    verb_round_reason_flags[], verb_round_submit_flags[], verb_round_student_flags[],
    verb_round_result_flags[], verb_round_explain_flags[], verb_round_export_flags[],
    verb_round_object_flags[], verb_round_review_flags[], verb_round_agree_flags[], verb_top_flags[],
    verb_round_offers_flags[], verb_round_refs_flags[], verb_round_secret_flags[];

#endif
