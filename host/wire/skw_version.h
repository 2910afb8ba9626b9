/* skw_version - what `--version` of every program says. */
#ifndef SKW_VERSION_H
#define SKW_VERSION_H

#define SKW_VERSION "0.1.0-dev" /* on the way to 0.1.0; CHANGELOG.md */

#endif
