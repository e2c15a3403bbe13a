// SPDX-License-Identifier: Apache-2.0
// `kansenctl complete WORD...`, which shells call while somebody types (kansenctl.bash, _kansenctl): from the
// tables of verbs and flags, so that they know all of them. It is in no help, as nobody types it.
#ifndef CLIENT_CLI_COMPLETE_H
#define CLIENT_CLI_COMPLETE_H

// argv: what was typed behind `kansenctl`, the word that is being typed last. Prints what may stand in its
// place, one a line, with a tab and what it is behind it; or ":files" or ":dirs" for a name of such. Prints
// nothing where it does not know. Returns CLI_OK.
int complete_run(int argc, char **argv);

#endif
