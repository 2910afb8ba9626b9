/* Preloaded to SoapySDRServer, which ends at once where no Avahi daemon runs: the calls with which
 * it would announce itself, doing nothing. Its device streams, which are what is tested, know
 * nothing of it. */
#include <unistd.h>

static int nobody;

void *avahi_client_new(void);
void *avahi_client_new(void)
{
	return &nobody;
}

void avahi_client_free(void);
void avahi_client_free(void)
{
}

const char *avahi_client_get_version_string(void);
const char *avahi_client_get_version_string(void)
{
	return "none";
}

const char *avahi_client_get_host_name(void);
const char *avahi_client_get_host_name(void)
{
	return "none";
}

const char *avahi_client_get_domain_name(void);
const char *avahi_client_get_domain_name(void)
{
	return "none";
}

const char *avahi_client_get_host_name_fqdn(void);
const char *avahi_client_get_host_name_fqdn(void)
{
	return "none";
}

void *avahi_entry_group_new(void);
void *avahi_entry_group_new(void)
{
	return &nobody;
}

int avahi_entry_group_add_service_strlst(void);
int avahi_entry_group_add_service_strlst(void)
{
	return 0;
}

int avahi_entry_group_commit(void);
int avahi_entry_group_commit(void)
{
	return 0;
}

int avahi_entry_group_free(void);
int avahi_entry_group_free(void)
{
	return 0;
}

int avahi_simple_poll_iterate(void);
int avahi_simple_poll_iterate(void)
{
	usleep(100000);
	return 0;
}
