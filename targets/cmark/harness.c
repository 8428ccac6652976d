/* Markdown with all extensions, rendered as HTML; the first byte chooses options. */
#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    cmark_gfm_core_extensions_ensure_registered();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"table", "strikethrough", "autolink", "tagfilter"};
    static const int options[] = {CMARK_OPT_DEFAULT, CMARK_OPT_FOOTNOTES, CMARK_OPT_SMART,
                                  CMARK_OPT_SOURCEPOS | CMARK_OPT_UNSAFE};
    if (size == 0) return 0;
    int chosen = options[data[0] % 4];
    cmark_parser *parser = cmark_parser_new(chosen);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cmark_syntax_extension *extension = cmark_find_syntax_extension(names[i]);
        if (extension != NULL) cmark_parser_attach_syntax_extension(parser, extension);
    }
    cmark_parser_feed(parser, (const char *)data + 1, size - 1);
    cmark_node *root = cmark_parser_finish(parser);
    char *html = cmark_render_html(root, chosen, cmark_parser_get_syntax_extensions(parser));
    free(html);
    cmark_node_free(root);
    cmark_parser_free(parser);
    return 0;
}
