//! From text to a checked expression, by recursive descent. Names are bound to the schema as they
//! are met, so that a formula that was taken never meets an unknown field again.

use super::FormulaError;
use super::functions::signature;
use super::lexer::{Token, tokens};
use crate::org::expression::{Function, Node, Operator, Path};
use crate::org::schema::{FieldKind, ObjectDef, Schema};
use crate::org::value::Value;

/// How deep an expression may be nested.
const DEPTH_MAX: usize = 60;
/// Lookups that one name may follow.
const HOPS_MAX: usize = 5;

pub(super) fn parse(
    schema: &Schema,
    object: usize,
    text: &str,
    in_rule: bool,
) -> Result<Node, FormulaError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        depth: 0,
        names: Names {
            schema,
            object,
            in_rule,
        },
    };
    let (node, _) = parser.expression(0)?;
    match parser.peek() {
        None => Ok(node),
        Some(token) => {
            let text = format!("Syntax error. Extra {}", shown(token));
            Err(FormulaError(text))
        }
    }
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    names: Names<'a>,
}

/// An expression and how deep it is nested.
type Nested = (Node, usize);

impl Parser<'_> {
    /// An expression whose operators all bind at least as tightly as `tightness`.
    fn expression(&mut self, tightness: u8) -> Result<Nested, FormulaError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(too_deep());
        }
        let mut left = self.operand()?;
        while let Some(Token::Sign(sign)) = self.peek()
            && let Some((binds, operator)) = operator(sign)
            && binds >= tightness
        {
            self.at += 1;
            let right = self.expression(binds + 1)?;
            left = join(left, operator, right)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<Nested, FormulaError> {
        let token = self.next()?;
        match token {
            Token::Number(number) => Ok((Node::Constant(Value::Number(number)), 1)),
            Token::Text(text) => Ok((Node::Constant(Value::Text(text.into())), 1)),
            Token::Sign("-") => {
                let (inner, depth) = self.expression(UNARY)?;
                Ok((Node::Negate(Box::new(inner)), depth + 1))
            }
            Token::Sign("+") => self.expression(UNARY),
            Token::Sign("!") => {
                let (inner, depth) = self.expression(UNARY)?;
                Ok((Node::Call(Function::Not, vec![inner]), depth + 1))
            }
            Token::Sign("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Name(name) if self.peek() == Some(&Token::Sign("(")) => self.call(&name),
            Token::Name(name) => Ok((self.names.value(&name)?, 1)),
            token => {
                let text = format!("Syntax error. Found {}", shown(&token));
                Err(FormulaError(text))
            }
        }
    }

    fn call(&mut self, name: &str) -> Result<Nested, FormulaError> {
        let unknown = || FormulaError(format!("Unknown function {name}. Check spelling."));
        let signature = signature(name).ok_or_else(unknown)?;
        if signature.rules_only && !self.names.in_rule {
            let text = format!("Function {} may not be used here", signature.name);
            return Err(FormulaError(text));
        }
        self.expect("(")?;
        let (mut arguments, mut deepest) = (Vec::new(), 0);
        while self.peek() != Some(&Token::Sign(")")) {
            match (arguments.is_empty(), self.peek()) {
                (true, _) => {}
                (false, Some(_)) => self.expect(",")?,
                (false, None) => self.expect(")")?,
            }
            let (argument, depth) = self.expression(0)?;
            deepest = deepest.max(depth);
            arguments.push(argument);
        }
        self.expect(")")?;
        signature.check_count(arguments.len())?;
        if deepest >= DEPTH_MAX {
            return Err(too_deep());
        }
        Ok((Node::Call(signature.function, arguments), deepest + 1))
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, FormulaError> {
        let token = self.peek().cloned();
        self.at += 1;
        token.ok_or_else(|| FormulaError("Syntax error. The formula is not complete".to_owned()))
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), FormulaError> {
        if self.peek() == Some(&Token::Sign(sign)) {
            self.at += 1;
            return Ok(());
        }
        Err(FormulaError(format!("Syntax error. Missing '{sign}'")))
    }
}

/// What a sign binds, weakest first; `None` is the joining of texts.
type Join = Option<Operator>;

const UNARY: u8 = 8;

fn operator(sign: &str) -> Option<(u8, Join)> {
    Some(match sign {
        "||" => (1, Some(Operator::Or)),
        "&&" => (2, Some(Operator::And)),
        "=" | "==" => (3, Some(Operator::Equal)),
        "<>" | "!=" => (3, Some(Operator::NotEqual)),
        "<" => (3, Some(Operator::Less)),
        "<=" => (3, Some(Operator::LessOrEqual)),
        ">" => (3, Some(Operator::Greater)),
        ">=" => (3, Some(Operator::GreaterOrEqual)),
        "&" => (4, None),
        "+" => (5, Some(Operator::Add)),
        "-" => (5, Some(Operator::Subtract)),
        "*" => (6, Some(Operator::Multiply)),
        "/" => (6, Some(Operator::Divide)),
        "^" => (7, Some(Operator::Power)),
        _ => return None,
    })
}

fn join(left: Nested, operator: Join, right: Nested) -> Result<Nested, FormulaError> {
    let depth = left.1.max(right.1) + 1;
    if depth > DEPTH_MAX {
        return Err(too_deep());
    }
    Ok(match (left.0, operator) {
        (Node::Concat(mut parts), None) => {
            parts.push(right.0);
            (Node::Concat(parts), left.1.max(right.1 + 1))
        }
        (node, None) => (Node::Concat(vec![node, right.0]), depth),
        (node, Some(operator)) => (
            Node::Binary(operator, Box::new(node), Box::new(right.0)),
            depth,
        ),
    })
}

fn too_deep() -> FormulaError {
    FormulaError("Formula is nested too deep".to_owned())
}

fn shown(token: &Token) -> String {
    match token {
        Token::Name(name) => format!("'{name}'"),
        Token::Text(text) => format!("\"{text}\""),
        Token::Number(number) => format!("'{number}'"),
        Token::Sign(sign) => format!("'{sign}'"),
    }
}

/// Where names are looked up.
struct Names<'a> {
    schema: &'a Schema,
    object: usize,
    in_rule: bool,
}

impl Names<'_> {
    fn value(&self, name: &str) -> Result<Node, FormulaError> {
        match name.to_ascii_uppercase().as_str() {
            "TRUE" => return Ok(Node::Constant(Value::Bool(true))),
            "FALSE" => return Ok(Node::Constant(Value::Bool(false))),
            "NULL" => return Ok(Node::Constant(Value::Null)),
            _ => {}
        }
        let unknown = || FormulaError(format!("Field {name} does not exist. Check spelling."));
        let path = self.path(name).ok_or_else(unknown)?;
        match path.kind {
            FieldKind::Address => Err(FormulaError(format!(
                "Field {name} may not be used in this type of formula"
            ))),
            _ => Ok(Node::Field(path)),
        }
    }

    fn path(&self, name: &str) -> Option<Path> {
        let mut words: Vec<&str> = name.split('.').collect();
        let last = words.pop()?;
        let users = &self.schema.objects[self.schema.index("User")];
        let mut object = &self.schema.objects[self.object];
        let mut hops = Vec::new();
        let of_user = words.first().is_some_and(|word| word.starts_with('$'));
        if of_user {
            // The value would differ from reader to reader, which records here do not know.
            let word = self.in_rule.then(|| words.remove(0))?;
            object = users;
            if word.eq_ignore_ascii_case("$Profile") {
                words.insert(0, "Profile");
            } else if !word.eq_ignore_ascii_case("$User") {
                return None;
            }
        }
        if words.len() > HOPS_MAX {
            return None;
        }
        for word in words {
            let (field, target) = self.hop(object, word)?;
            hops.push((field, target));
            object = &self.schema.objects[target];
        }
        let field = object.field(last)?;
        Some(Path {
            of_user,
            hops,
            object: object.index,
            field: field.index,
            kind: field.kind,
            name: name.to_owned(),
        })
    }

    /// A relationship; one with several targets names the wanted one behind a colon.
    fn hop(&self, object: &ObjectDef, word: &str) -> Option<(u16, usize)> {
        let (relationship, wanted) = match word.split_once(':') {
            Some((relationship, wanted)) => (relationship, Some(wanted)),
            None => (word, None),
        };
        let lookup = object.lookup(relationship)?;
        let target = match wanted {
            None => lookup.single_target()?,
            Some(wanted) => self.schema.object(wanted)?.index,
        };
        lookup
            .targets
            .contains(&target)
            .then_some((lookup.index, target))
    }
}
