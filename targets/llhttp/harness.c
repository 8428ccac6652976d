/* Requests and responses, in two pieces: where a message is cut is told by its first byte. */
#include <llhttp.h>

#include <stddef.h>
#include <stdint.h>

static int went_on(llhttp_t *parser, const char *at, size_t size) {
    (void)parser, (void)at, (void)size;
    return 0;
}

static int began(llhttp_t *parser) {
    (void)parser;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llhttp_t parser;
    llhttp_settings_t settings;
    if (size < 2) return 0;
    size_t cut = data[0] % size;
    const char *text = (const char *)data + 1;
    llhttp_settings_init(&settings);
    settings.on_url = settings.on_status = settings.on_body = went_on;
    settings.on_header_field = settings.on_header_value = went_on;
    settings.on_headers_complete = settings.on_message_complete = began;
    llhttp_init(&parser, HTTP_BOTH, &settings);
    if (llhttp_execute(&parser, text, cut) != HPE_OK) return 0;
    if (llhttp_execute(&parser, text + cut, size - 1 - cut) == HPE_OK) llhttp_finish(&parser);
    return 0;
}
