//! From tokens to the syntax tree, by recursive descent: one function per rule of the language,
//! keywords in any case.

mod condition;
mod cursor;

use super::ast::{Expression, OrderKey, Path, Query, SelectItem, TypeOf};
use super::error::SoqlError;
use super::lexer::{self, Kind};
use cursor::Cursor;

/// Longest query that the org reads, in characters.
const SOQL_CHARS_MAX: usize = 100_000;

/// Words that end a FROM clause and so cannot be an alias.
const CLAUSES: [&str; 10] = [
    "USING", "WHERE", "WITH", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL",
];

/// Reads a query.
pub fn parse(soql: &str) -> Result<Query, SoqlError> {
    if soql.chars().count() > SOQL_CHARS_MAX {
        let text = format!("SOQL statements cannot be longer than {SOQL_CHARS_MAX} characters.");
        return Err(SoqlError::whole("MALFORMED_QUERY", text));
    }
    let mut cursor = Cursor::new(lexer::tokens(soql)?);
    let query = query(&mut cursor)?;
    match cursor.peek().kind {
        Kind::End => Ok(query),
        _ => Err(cursor.unexpected()),
    }
}

fn query(cursor: &mut Cursor) -> Result<Query, SoqlError> {
    cursor.deeper()?;
    cursor.expect("SELECT")?;
    let select = list(cursor, select_item)?;
    cursor.expect("FROM")?;
    let (mut from, from_at) = cursor.name()?;
    while cursor.take(".") {
        from = format!("{from}.{}", cursor.name()?.0);
    }
    let alias = alias(cursor)?;
    let mut query = Query {
        select,
        from,
        from_at,
        alias,
        scope: None,
        filter: None,
        with: None,
        group_by: Vec::new(),
        having: None,
        order_by: Vec::new(),
        limit: None,
        offset: None,
        purposes: Vec::new(),
    };
    clauses(cursor, &mut query)?;
    cursor.shallower();
    Ok(query)
}

fn clauses(cursor: &mut Cursor, query: &mut Query) -> Result<(), SoqlError> {
    if cursor.take("USING") {
        cursor.expect("SCOPE")?;
        query.scope = Some(cursor.name()?.0);
    }
    if cursor.take("WHERE") {
        query.filter = Some(condition::condition(cursor)?);
    }
    if cursor.take("WITH") {
        query.with = Some(cursor.one_of(&["SECURITY_ENFORCED", "USER_MODE", "SYSTEM_MODE"])?);
    }
    if cursor.take("GROUP") {
        cursor.expect("BY")?;
        query.group_by = list(cursor, expression)?;
    }
    if cursor.take("HAVING") {
        query.having = Some(condition::condition(cursor)?);
    }
    if cursor.take("ORDER") {
        cursor.expect("BY")?;
        query.order_by = list(cursor, order_key)?;
    }
    if cursor.take("LIMIT") {
        query.limit = Some(cursor.count()?);
    }
    if cursor.take("OFFSET") {
        query.offset = Some(cursor.count()?);
    }
    while cursor.take("FOR") {
        loop {
            query
                .purposes
                .push(cursor.one_of(&["VIEW", "REFERENCE", "UPDATE"])?);
            if !cursor.take(",") {
                break;
            }
        }
    }
    Ok(())
}

fn select_item(cursor: &mut Cursor) -> Result<SelectItem, SoqlError> {
    if cursor.is("(") {
        cursor.expect("(")?;
        let inner = query(cursor)?;
        cursor.expect(")")?;
        return Ok(SelectItem::Children(Box::new(inner)));
    }
    if cursor.is("TYPEOF") {
        return type_of(cursor);
    }
    if cursor.is("FIELDS") && cursor.next_is("(") {
        let at = cursor.at();
        cursor.expect("FIELDS")?;
        cursor.expect("(")?;
        let word = cursor.one_of(&["ALL", "STANDARD", "CUSTOM"])?;
        cursor.expect(")")?;
        return Ok(SelectItem::Fields(word, at));
    }
    if cursor.is("COUNT") && cursor.next_is("(") && cursor.after_next_is(")") {
        for sign in ["COUNT", "(", ")"] {
            cursor.expect(sign)?;
        }
        return Ok(SelectItem::Count);
    }
    let expression = expression(cursor)?;
    let alias = match cursor.is("FROM") {
        true => None,
        false => alias(cursor)?,
    };
    Ok(SelectItem::Value { expression, alias })
}

fn type_of(cursor: &mut Cursor) -> Result<SelectItem, SoqlError> {
    cursor.expect("TYPEOF")?;
    let (relationship, at) = cursor.name()?;
    let mut cases = Vec::new();
    while cursor.take("WHEN") {
        let (object, _) = cursor.name()?;
        cursor.expect("THEN")?;
        cases.push((object, list(cursor, path)?));
    }
    if cases.is_empty() {
        return Err(cursor.unexpected());
    }
    let otherwise = match cursor.take("ELSE") {
        true => list(cursor, path)?,
        false => Vec::new(),
    };
    cursor.expect("END")?;
    Ok(SelectItem::TypeOf(TypeOf {
        relationship,
        at,
        cases,
        otherwise,
    }))
}

fn order_key(cursor: &mut Cursor) -> Result<OrderKey, SoqlError> {
    let expression = expression(cursor)?;
    let descending = cursor.take("DESC");
    if !descending {
        cursor.take("ASC");
    }
    let nulls_first = match cursor.take("NULLS") {
        true => Some(cursor.one_of(&["FIRST", "LAST"])? == "FIRST"),
        false => None,
    };
    Ok(OrderKey {
        expression,
        descending,
        nulls_first,
    })
}

fn expression(cursor: &mut Cursor) -> Result<Expression, SoqlError> {
    if cursor.next_is("(") {
        let (function, _) = cursor.name()?;
        cursor.expect("(")?;
        let argument = path(cursor)?;
        cursor.expect(")")?;
        return Ok(Expression::Call { function, argument });
    }
    path(cursor).map(Expression::Field)
}

fn path(cursor: &mut Cursor) -> Result<Path, SoqlError> {
    let (first, at) = cursor.name()?;
    let mut names = vec![first];
    while cursor.take(".") {
        names.push(cursor.name()?.0);
    }
    Ok(Path { names, at })
}

fn alias(cursor: &mut Cursor) -> Result<Option<String>, SoqlError> {
    let word = cursor.peek().kind == Kind::Word;
    let clause = CLAUSES.iter().any(|c| cursor.is(c));
    match word && !clause {
        true => cursor.name().map(|(name, _)| Some(name)),
        false => Ok(None),
    }
}

fn list<T>(
    cursor: &mut Cursor,
    item: impl Fn(&mut Cursor) -> Result<T, SoqlError>,
) -> Result<Vec<T>, SoqlError> {
    let mut items = vec![item(cursor)?];
    while cursor.take(",") {
        items.push(item(cursor)?);
    }
    Ok(items)
}
