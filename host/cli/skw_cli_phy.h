/* skw_cli_phy - the parts of `skywave phy`, a file each, and how they complain. */
#ifndef SKW_CLI_PHY_H
#define SKW_CLI_PHY_H

int skw_cli_phy_sweep(int argc, char **argv);
int skw_cli_phy_inspect(int argc, char **argv);

/* "skywave phy: WHAT: WHY" on standard error; `why` may be empty. Returns the exit status, 1. */
int skw_cli_phy_fail(const char *what, const char *why);
/* The same for wrong arguments, with a word on help: 2. */
int skw_cli_phy_wrong(const char *what, const char *why);

#endif
