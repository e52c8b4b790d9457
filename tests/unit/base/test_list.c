/* List: links inside the items. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    struct list link;
};

static int pop_number(struct list *head)
{
    struct list *link = list_pop(head);
    assert_non_null(link);
    assert_false(list_linked(link));
    return LIST_ITEM(link, struct item, link)->number;
}

static void a_new_list_is_empty(void **state)
{
    (void)state;
    struct list head;
    list_init(&head);
    assert_true(list_empty(&head));
    assert_null(list_pop(&head));
}

static void items_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    struct list head;
    struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    list_init(&head);
    for (size_t i = 0; i < 3; i++) {
        assert_false(list_linked(&items[i].link));
        list_push(&head, &items[i].link);
        assert_true(list_linked(&items[i].link));
    }
    for (int number = 1; number <= 3; number++)
        assert_int_equal(pop_number(&head), number);
    assert_true(list_empty(&head));
}

static void an_item_can_be_taken_out_anywhere(void **state)
{
    (void)state;
    for (size_t out = 0; out < 3; out++) {
        struct list head;
        struct item items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
        list_init(&head);
        for (size_t i = 0; i < 3; i++)
            list_push(&head, &items[i].link);
        list_remove(&items[out].link);
        assert_false(list_linked(&items[out].link));
        for (size_t i = 0; i < 3; i++) {
            if (i != out)
                assert_int_equal(pop_number(&head), items[i].number);
        }
        assert_true(list_empty(&head));
    }
}

static void taking_out_what_is_in_no_list_does_nothing(void **state)
{
    (void)state;
    struct item item = {.number = 1};
    list_remove(&item.link);
    assert_false(list_linked(&item.link));
}

static void an_item_taken_out_can_be_put_in_again(void **state)
{
    (void)state;
    struct list head;
    struct item items[2] = {{.number = 1}, {.number = 2}};
    list_init(&head);
    list_push(&head, &items[0].link);
    list_push(&head, &items[1].link);
    list_remove(&items[0].link);
    list_push(&head, &items[0].link);
    assert_int_equal(pop_number(&head), 2);
    assert_int_equal(pop_number(&head), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_list_is_empty),
        cmocka_unit_test(items_come_out_in_the_order_they_went_in),
        cmocka_unit_test(an_item_can_be_taken_out_anywhere),
        cmocka_unit_test(taking_out_what_is_in_no_list_does_nothing),
        cmocka_unit_test(an_item_taken_out_can_be_put_in_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
