//! Whether the types in a formula fit each other. Mistakes are found when a formula is set up, with
//! the words that administrators know, and not when a record is read.

use super::FormulaError;
use super::functions::signature_of;
use super::types::Type;
use crate::org::expression::{Function, Node, Operator};
use crate::org::value::Value;

/// The type of an expression whose parts agree.
pub(super) fn type_of(node: &Node) -> Result<Type, FormulaError> {
    match node {
        Node::Constant(value) => Ok(match value {
            Value::Bool(_) => Type::Bool,
            Value::Number(_) => Type::Number,
            Value::Text(_) => Type::Text,
            _ => Type::Any,
        }),
        Node::Field(path) => Ok(Type::of_field(path.kind)),
        Node::Negate(inner) => {
            expect(inner, Type::Number, "-")?;
            Ok(Type::Number)
        }
        Node::Concat(parts) => {
            for part in parts {
                expect(part, Type::Text, "&")?;
            }
            Ok(Type::Text)
        }
        Node::Binary(operator, left, right) => of_operator(*operator, left, right),
        Node::Call(function, arguments) => of_call(*function, arguments),
    }
}

fn expect(node: &Node, wanted: Type, by: &str) -> Result<(), FormulaError> {
    let found = type_of(node)?;
    match found.fits(wanted) {
        true => Ok(()),
        false => Err(refusal(node, found, wanted, by)),
    }
}

fn refusal(node: &Node, found: Type, wanted: Type, by: &str) -> FormulaError {
    FormulaError(match (node, found) {
        (Node::Field(path), Type::Picked) => format!(
            "Field {} is a picklist field. Picklist fields are only supported in certain functions.",
            path.name
        ),
        _ => format!(
            "Incorrect parameter type for function or operator '{by}'. Expected {}, received {}",
            wanted.name(),
            found.name()
        ),
    })
}

fn of_operator(operator: Operator, left: &Node, right: &Node) -> Result<Type, FormulaError> {
    use Operator::{Add, And, Divide, Multiply, Or, Power, Subtract};
    let (a, b) = (type_of(left)?, type_of(right)?);
    for (node, found) in [(left, a), (right, b)] {
        if found == Type::Picked {
            return Err(refusal(node, found, Type::Text, "="));
        }
    }
    let refused = || {
        FormulaError(format!(
            "Incorrect parameter type for operator. Found {} and {}",
            a.name(),
            b.name()
        ))
    };
    let number = a.fits(Type::Number) && b.fits(Type::Number);
    match operator {
        And | Or if a.fits(Type::Bool) && b.fits(Type::Bool) => Ok(Type::Bool),
        Multiply | Divide | Power | Add | Subtract if number => Ok(Type::Number),
        Add if a == Type::Text && b.fits(Type::Text) => Ok(Type::Text),
        Add | Subtract if matches!(a, Type::Date | Type::Time) && b.fits(Type::Number) => Ok(a),
        Add if a.fits(Type::Number) && matches!(b, Type::Date | Type::Time) => Ok(b),
        Subtract if matches!(a, Type::Date | Type::Time) && a == b => Ok(Type::Number),
        And | Or | Multiply | Divide | Power | Add | Subtract => Err(refused()),
        _ if a == b || a == Type::Any || b == Type::Any => Ok(Type::Bool),
        _ => Err(refused()),
    }
}

fn of_call(function: Function, arguments: &[Node]) -> Result<Type, FormulaError> {
    let signature = signature_of(function);
    for (place, argument) in arguments.iter().enumerate() {
        expect(argument, signature.taken(place), signature.name)?;
    }
    match function {
        Function::IsChanged | Function::PriorValue => match arguments {
            [Node::Field(path)] if path.hops.is_empty() && !path.of_user => {
                Ok(match (function, Type::of_field(path.kind)) {
                    (Function::IsChanged, _) => Type::Bool,
                    (_, found) => found,
                })
            }
            _ => Err(FormulaError(format!(
                "Function {} takes a field of the record itself",
                signature.name
            ))),
        },
        Function::If => alike(&arguments[1..], signature.name),
        Function::BlankValue => alike(arguments, signature.name),
        Function::Case => {
            let results = arguments[1..].iter().skip(1).step_by(2);
            let mut results: Vec<Node> = results.cloned().collect();
            results.extend(arguments.last().cloned());
            alike(&results, signature.name)
        }
        _ => Ok(signature.gives),
    }
}

/// The one type of several results.
fn alike(nodes: &[Node], by: &str) -> Result<Type, FormulaError> {
    let mut known = Type::Any;
    for node in nodes {
        match (known, type_of(node)?) {
            (_, Type::Any) => {}
            (Type::Any, found) => known = found,
            (known, found) if known == found => {}
            (known, found) => return Err(refusal(node, found, known, by)),
        }
    }
    Ok(known)
}
