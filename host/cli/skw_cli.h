/* skw_cli - the subcommands of `skywave`, a file each. argv[0] is the subcommand's own name.
 *
 * Each returns the exit status: 0 done, 1 it could not be done (a line on standard error says what,
 * where and what to do), 2 wrong arguments.
 */
#ifndef SKW_CLI_H
#define SKW_CLI_H

int skw_cli_control(int argc, char **argv); /* status, links, circuits: ask the daemon */
int skw_cli_pay(int argc, char **argv);
int skw_cli_probe(int argc, char **argv); /* ping, trace, speedtest */
int skw_cli_names(int argc, char **argv);
int skw_cli_wallet(int argc, char **argv);
int skw_cli_ledger(int argc, char **argv);
int skw_cli_phy(int argc, char **argv);
int skw_cli_monitor(int argc, char **argv);
int skw_cli_radio(int argc, char **argv);

#endif
