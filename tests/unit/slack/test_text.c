/* From Slack's markup to Parley's. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "slack/index.h"
#include "slack/text.h"

struct fixture {
    struct index people;
    struct index channels;
    struct text_counts counts;
    struct buf out;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){0};
    index_init(&f.people);
    index_init(&f.channels);
    index_put(&f.people, SLICE("U1"), 7);
    index_put(&f.channels, SLICE("C1"), 5);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    index_fini(&f->people);
    index_fini(&f->channels);
    buf_fini(&f->out);
    return 0;
}

static void assert_maps(struct fixture *f, struct slice text, struct slice wanted)
{
    const struct text_ids ids = {&f->people, &f->channels};
    buf_clear(&f->out);
    text_map(text, &ids, &f->out, &f->counts);
    assert_string_equal(buf_cstr(&f->out), wanted.ptr);
    assert_int_equal(f->out.len, wanted.len);
}

#define MAPS(text, wanted) assert_maps(*state, SLICE(text), SLICE(wanted))
#define STAYS(text) MAPS(text, text)

static void entities_are_decoded_once(void **state)
{
    MAPS("a &amp; b &lt;c&gt;", "a & b <c>");
    MAPS("&amp;lt; &amp;amp;", "&lt; &amp;");
    STAYS("& &; &am &quot; &#39; &AMP; &amp");
}

static void mentions_of_known_people_become_ids(void **state)
{
    MAPS("<@U1>", "<@7>");
    MAPS("hi <@U1|ada>!", "hi <@7>!");
    const struct fixture *f = *state;
    assert_int_equal(f->counts.mentions, 2);
    assert_int_equal(f->counts.mentions_unknown, 0);
}

static void mentions_of_unknown_people_stay_text(void **state)
{
    MAPS("<@U2>", "@U2");
    MAPS("<@U2|eve &amp; co>", "@eve & co");
    MAPS("<@U2|>", "@U2");
    const struct fixture *f = *state;
    assert_int_equal(f->counts.mentions, 0);
    assert_int_equal(f->counts.mentions_unknown, 3);
}

static void channels_are_looked_up_among_channels(void **state)
{
    MAPS("<#C1|general> <#C1>", "<#5> <#5>");
    MAPS("<#C2|secret> <#C2> <#U1>", "#secret #C2 #U1");
    MAPS("<@C1>", "@C1");
    const struct fixture *f = *state;
    assert_int_equal(f->counts.channel_links, 2);
    assert_int_equal(f->counts.channel_links_unknown, 3);
}

static void special_words_lose_their_brackets(void **state)
{
    MAPS("<!channel> <!here> <!everyone>", "@channel @here @everyone");
    MAPS("<!here|@here>", "@here");
    MAPS("<!subteam^S1|@ops> <!date^1^{date}|at &lt;noon&gt;>", "@ops at <noon>");
    STAYS("<!subteam^S1> <!date^1^{date}> <!other> <!other|label> <!>");
}

static void urls_become_plain_or_labelled(void **state)
{
    MAPS("<https://x.example/?a=1&amp;b=2>", "https://x.example/?a=1&b=2");
    MAPS("<https://x.example|the &lt;site&gt;>", "[the <site>](https://x.example)");
    MAPS("<mailto:a@b.c|a@b.c>", "[a@b.c](mailto:a@b.c)");
    MAPS("<https://x.example|>", "https://x.example");
    MAPS("<https://x.example|a|b>", "[a|b](https://x.example)");
    MAPS("<git+ssh:x>", "git+ssh:x");
}

static void what_is_no_url_stays(void **state)
{
    STAYS("<x.example> <:x> <x:> <1a:x> <a b:c> <a: b> <a:\tb> <a:b c|d>");
}

static void nested_and_unterminated_forms_stay(void **state)
{
    STAYS("<");
    STAYS("<>");
    STAYS("a <b");
    STAYS("<@U1");
    STAYS("<@U1\n>");
    STAYS("<@> <#> <|> <@U 1> <@U1,>");
    MAPS("<<@U1>>", "<<@7>>");
    MAPS("<a <@U1> b>", "<a <@7> b>");
    MAPS("<no &lt;form>", "<no <form>");
}

static void other_characters_pass(void **state)
{
    STAYS("");
    STAYS("\u00fcn\u00ef \U0001f600 *bold* `code`\n");
    MAPS("\u00fc<@U1>\u00fc", "\u00fc<@7>\u00fc");
}

/* Whatever stands where, valid UTF-8 comes out, and nothing is read past the end. */
static void every_front_of_a_text_can_be_mapped(void **state)
{
    struct fixture *f = *state;
    const struct slice text = SLICE("\u00fc<@U1|a&amp;> <https://x|\u00fc> <!date^1|x> &lt;&g");
    const struct text_ids ids = {&f->people, &f->channels};
    for (size_t len = 0; len <= text.len; len++) {
        struct buf copy = {0};
        buf_append(&copy, slice_from(text.ptr, len));
        buf_clear(&f->out);
        text_map(buf_slice(&copy), &ids, &f->out, &f->counts);
        if (utf8_valid(buf_slice(&copy)))
            assert_true(utf8_valid(buf_slice(&f->out)));
        buf_fini(&copy);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(entities_are_decoded_once),
        TEST(mentions_of_known_people_become_ids),
        TEST(mentions_of_unknown_people_stay_text),
        TEST(channels_are_looked_up_among_channels),
        TEST(special_words_lose_their_brackets),
        TEST(urls_become_plain_or_labelled),
        TEST(what_is_no_url_stays),
        TEST(nested_and_unterminated_forms_stay),
        TEST(other_characters_pass),
        TEST(every_front_of_a_text_can_be_mapped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
