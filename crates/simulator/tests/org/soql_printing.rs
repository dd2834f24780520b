//! Printing a syntax tree and parsing it again gives the same tree.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tieline_simulator::org::soql::ast::*;
use tieline_simulator::org::soql::parse;

const WORDS: [&str; 8] = [
    "Name",
    "Email",
    "AccountId",
    "Owner",
    "Interests__c",
    "x1",
    "Account",
    "What",
];

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(&WORDS[..]).prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = Path> {
    vec(word(), 1..4).prop_map(|names| Path { names, at: At(0) })
}

fn expression() -> impl Strategy<Value = Expression> {
    let functions = prop::sample::select(&["COUNT", "toLabel", "CALENDAR_YEAR"][..]);
    prop_oneof![
        path().prop_map(Expression::Field),
        (functions, path()).prop_map(|(f, argument)| Expression::Call {
            function: f.to_owned(),
            argument
        }),
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        r"([a-zA-Zé %_?!]|\\'|\\\\|\\n|\\%|\\_){0,9}".prop_map(Literal::Text),
        (-9_999i32..9_999).prop_map(|n| Literal::Number(n.to_string())),
        any::<bool>().prop_map(Literal::Bool),
        Just(Literal::Null),
        Just(Literal::Date("2024-02-29".to_owned())),
        Just(Literal::DateTime("2024-02-29T10:00:00+01:00".to_owned())),
        Just(Literal::Period("TODAY".to_owned(), None)),
        (0u32..500).prop_map(|n| Literal::Period("LAST_N_DAYS".to_owned(), Some(n))),
        (0u32..500).prop_map(|n| Literal::Period("N_WEEKS_AGO".to_owned(), Some(n))),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    use Operator::*;
    prop::sample::select(
        &[
            Equal,
            NotEqual,
            Less,
            LessOrEqual,
            Greater,
            GreaterOrEqual,
            Like,
        ][..],
    )
}

fn condition() -> impl Strategy<Value = Condition> {
    let compare = (expression(), operator(), literal()).prop_map(|(left, operator, right)| {
        Condition::Compare {
            left,
            operator,
            right,
            at: At(0),
        }
    });
    let kinds =
        prop::sample::select(&[Among::In, Among::NotIn, Among::Includes, Among::Excludes][..]);
    let among = (expression(), kinds, vec(literal(), 1..4)).prop_map(|(left, among, values)| {
        Condition::Among {
            left,
            among,
            values,
            at: At(0),
        }
    });
    let inner = (path(), any::<bool>(), word()).prop_map(|(left, negated, from)| {
        let select = vec![SelectItem::Value {
            expression: Expression::Field(left.clone()),
            alias: None,
        }];
        Condition::InQuery {
            left,
            negated,
            query: Box::new(bare(select, from)),
        }
    });
    prop_oneof![compare, among, inner].prop_recursive(3, 12, 3, |part| {
        prop_oneof![
            vec(part.clone(), 2..4).prop_map(Condition::And),
            vec(part.clone(), 2..4).prop_map(Condition::Or),
            part.prop_map(|p| Condition::Not(Box::new(p))),
        ]
    })
}

fn bare(select: Vec<SelectItem>, from: String) -> Query {
    Query {
        select,
        from,
        from_at: At(0),
        alias: None,
        scope: None,
        filter: None,
        with: None,
        group_by: Vec::new(),
        having: None,
        order_by: Vec::new(),
        limit: None,
        offset: None,
        purposes: Vec::new(),
    }
}

fn item() -> impl Strategy<Value = SelectItem> {
    let value = (expression(), option::of(word()))
        .prop_map(|(expression, alias)| SelectItem::Value { expression, alias })
        .boxed();
    let type_of = (
        word(),
        vec((word(), vec(path(), 1..3)), 1..3),
        vec(path(), 0..2),
    )
        .prop_map(|(relationship, cases, otherwise)| {
            SelectItem::TypeOf(TypeOf {
                relationship,
                at: At(0),
                cases,
                otherwise,
            })
        });
    let children = (vec(value.clone(), 1..3), word(), option::of(condition())).prop_map(
        |(select, from, filter)| {
            SelectItem::Children(Box::new(Query {
                filter,
                ..bare(select, from)
            }))
        },
    );
    prop_oneof![
        4 => value,
        1 => Just(SelectItem::Fields("ALL".to_owned(), At(0))),
        1 => Just(SelectItem::Count),
        1 => type_of,
        1 => children,
    ]
}

fn order_key() -> impl Strategy<Value = OrderKey> {
    (expression(), any::<bool>(), option::of(any::<bool>())).prop_map(
        |(expression, descending, nulls_first)| OrderKey {
            expression,
            descending,
            nulls_first,
        },
    )
}

fn query() -> impl Strategy<Value = Query> {
    let head = (
        vec(item(), 1..4),
        word(),
        option::of(word()),
        option::of(Just("mine".to_owned())),
    );
    let filters = (
        option::of(condition()),
        vec(expression(), 0..3),
        option::of(condition()),
    );
    let tail = (
        vec(order_key(), 0..3),
        option::of(0u64..9_999),
        option::of(0u64..2_000),
    );
    let ends = (
        option::of(Just("USER_MODE".to_owned())),
        vec(Just("VIEW".to_owned()), 0..2),
    );
    (head, filters, tail, ends).prop_map(|(head, filters, tail, ends)| Query {
        alias: head.2,
        scope: head.3,
        filter: filters.0,
        group_by: filters.1,
        having: filters.2,
        order_by: tail.0,
        limit: tail.1,
        offset: tail.2,
        with: ends.0,
        purposes: ends.1,
        ..bare(head.0, head.1)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parsing_what_was_printed_gives_the_same_query(query in query()) {
        let text = query.to_string();
        let parsed = parse(&text);
        prop_assert_eq!(parsed.map_err(|e| format!("{e}: {text}")), Ok(query));
    }

    #[test]
    fn any_text_is_parsed_or_refused_without_a_crash(text in "\\PC{0,60}") {
        let _ = parse(&text);
        let _ = parse(&format!("SELECT Id FROM Contact WHERE {text}"));
    }
}
