#pragma once
#include <curl/curl.h>

// curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic, which Swift can't import. There is one
// function here per type of argument, so that a value of the wrong width can't be passed.

CURLcode quali_curl_set_long(CURL *handle, CURLoption option, long value);
CURLcode quali_curl_set_string(CURL *handle, CURLoption option, const char *value);
CURLcode quali_curl_set_off(CURL *handle, CURLoption option, curl_off_t value);
CURLcode quali_curl_set_slist(CURL *handle, CURLoption option, struct curl_slist *value);
CURLcode quali_curl_set_pointer(CURL *handle, CURLoption option, void *value);

typedef size_t (*quali_curl_data_callback)(char *bytes, size_t size, size_t count, void *context);
CURLcode quali_curl_set_write(CURL *handle, quali_curl_data_callback callback, void *context);
CURLcode quali_curl_set_header(CURL *handle, quali_curl_data_callback callback, void *context);
CURLcode quali_curl_set_read(CURL *handle, quali_curl_data_callback callback, void *context);

typedef int (*quali_curl_debug_callback)(CURL *handle, curl_infotype type, char *text, size_t size, void *context);
CURLcode quali_curl_set_debug(CURL *handle, quali_curl_debug_callback callback, void *context);

// How many of the files that the process may open are left to the runtime and the libraries. Swift's runtime opens one
// each second, and ends the process where it can't.
enum { QUALI_SPARE_FILES = 8 };
// The descriptor, unless it is one of those to be spared: then it is closed, and the result is -1 with EMFILE.
int quali_unless_spare(int descriptor);
// Has a transfer make its sockets out of what isn't to be spared.
CURLcode quali_curl_spare_files(CURL *handle);

CURLcode quali_curl_get_long(CURL *handle, CURLINFO info, long *value);
CURLcode quali_curl_get_off(CURL *handle, CURLINFO info, curl_off_t *value);
// The text is the handle's own, and NULL where there is none.
const char *quali_curl_get_string(CURL *handle, CURLINFO info);
// The certificates that the peer has sent; the handle's own, and NULL where there are none.
const struct curl_certinfo *quali_curl_get_certificates(CURL *handle);
CURLcode quali_curl_get_pointer(CURL *handle, CURLINFO info, void **value);

CURLMcode quali_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode quali_curl_multi_set_socket(CURLM *multi, curl_socket_callback callback, void *context);
CURLMcode quali_curl_multi_set_timer(CURLM *multi, curl_multi_timer_callback callback, void *context);

// The finished transfer of a message, and its result; the message's union isn't imported.
CURL *quali_curl_next_finished(CURLM *multi, CURLcode *result);

// Prepares OpenSSL and curl for the process. OpenSSL's exit handler is switched off before curl starts it: it would
// race the clean-up of a transfer thread that is still alive when the process exits.
CURLcode quali_curl_global_init(void);

// The file of the certificates that libcurl trusts where nobody names one; NULL where there is none.
const char *quali_curl_trusted_file(void);
