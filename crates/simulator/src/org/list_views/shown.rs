//! A view as the API shows it: its query and columns, its conditions in parts, and its rows, whose
//! values are texts in the style of the org's own pages.

use serde_json::{Value as Json, json};

use crate::org::error::ApiError;
use crate::org::id::RecordId;
use crate::org::saved_view::{ListView, ListViewScope};
use crate::org::schema::{FieldKind, ObjectDef};
use crate::org::soql::ast::{Among, Condition, Expression, Literal, Operator};
use crate::org::soql::{self, Column};
use crate::org::state::State;
use crate::org::{Call, Org, datetime};

/// Every view's query ends with these, which its pages do not show.
const HIDDEN: [&str; 4] = ["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"];

/// One column of a view, bound to the schema.
struct ViewColumn {
    path: String,
    label: String,
    kind: FieldKind,
    sortable: bool,
    hidden: bool,
}

impl Org {
    /// The query of a view, over the columns that the user may see.
    pub fn list_view_soql(&self, call: &Call, view: &ListView) -> String {
        let state = self.read();
        state.view_soql(view, &state.view_columns(call, view))
    }

    /// `sobjects/X/listviews/{id}/describe`.
    pub fn describe_list_view(
        &self,
        call: &Call,
        (id, view): (RecordId, &ListView),
    ) -> Result<Json, ApiError> {
        if !view.soql_compatible {
            let text = "The list view is not compatible with SOQL";
            return Err(ApiError::request(400, "INVALID_OPERATION", text));
        }
        let state = self.read();
        let columns = state.view_columns(call, view);
        let keys = order_keys(view);
        let condition = soql::parse(&state.view_soql(view, &columns)).ok();
        let condition = condition.and_then(|query| query.filter);
        Ok(json!({
            "columns": columns.iter().map(|c| c.describe(&keys)).collect::<Vec<_>>(),
            "id": id.to_string(),
            "orderBy": keys.iter().map(|(path, descending)| json!({
                "fieldNameOrPath": path,
                "nullsPosition": "first",
                "sortDirection": direction(*descending),
            })).collect::<Vec<_>>(),
            "query": state.view_soql(view, &columns),
            "scope": (view.scope != ListViewScope::Everything).then(|| view.scope.name()),
            "scopeEntityId": null,
            "sobjectType": view.object,
            "whereCondition": condition.as_ref().map(condition_parts),
        }))
    }

    /// `sobjects/X/listviews/{id}/results`: the rows in a window of the view.
    pub fn list_view_results(
        &self,
        call: &Call,
        (id, view): (RecordId, &ListView),
        (offset, limit): (usize, usize),
    ) -> Result<Json, ApiError> {
        let columns = self.read().view_columns(call, view);
        let soql = self.read().view_soql(view, &columns);
        let (rows, all) = match view.soql_compatible {
            true => {
                let found = self.query(call, &soql, false)?;
                let rows = self.rows(call, &found, offset..offset.saturating_add(limit));
                (rows, found.len())
            }
            false => self.recent_rows(call, view, &columns, (offset, limit))?,
        };
        let row = |row: &Json| {
            let cells = columns.iter().map(|c| {
                json!({
                    "fieldNameOrPath": c.path,
                    "value": c.text_in(row),
                })
            });
            json!({"columns": cells.collect::<Vec<_>>()})
        };
        let keys = order_keys(view);
        Ok(json!({
            "columns": columns.iter().map(|c| c.describe(&keys)).collect::<Vec<_>>(),
            "developerName": view.developer_name,
            "done": offset.saturating_add(rows.len()) >= all,
            "id": id.to_string(),
            "label": view.label,
            "records": rows.iter().map(row).collect::<Vec<_>>(),
            "size": rows.len(),
        }))
    }

    /// The rows of "recently viewed", in that order.
    fn recent_rows(
        &self,
        call: &Call,
        view: &ListView,
        columns: &[ViewColumn],
        (offset, limit): (usize, usize),
    ) -> Result<(Vec<Json>, usize), ApiError> {
        let recent = self.recent(call, Some(&view.object), usize::MAX);
        let paths: Vec<&str> = columns.iter().map(|c| c.path.as_str()).collect();
        let mut rows = Vec::new();
        for record in recent.iter().skip(offset).take(limit) {
            let id = record["Id"].as_str().unwrap_or_default();
            let (paths, object) = (paths.join(", "), &view.object);
            let soql = format!("SELECT {paths} FROM {object} WHERE Id = '{id}'");
            let found = self.query(call, &soql, false)?;
            rows.extend(self.rows(call, &found, 0..1));
        }
        Ok((rows, recent.len()))
    }
}

impl State {
    /// The columns of a view that the user may see, the hidden ones last.
    fn view_columns(&self, call: &Call, view: &ListView) -> Vec<ViewColumn> {
        let given = view.columns.iter().map(|path| (path.as_str(), false));
        let all = given.chain(HIDDEN.map(|path| (path, true)));
        let mut columns: Vec<ViewColumn> = Vec::new();
        for (path, hidden) in all {
            let column = self.view_column(call, &view.object, path, hidden);
            if let Some(column) = column.filter(|c| columns.iter().all(|o| o.path != c.path)) {
                columns.push(column);
            }
        }
        columns
    }

    fn view_column(
        &self,
        call: &Call,
        object: &str,
        path: &str,
        hidden: bool,
    ) -> Option<ViewColumn> {
        let soql = format!("SELECT {path} FROM {object}");
        let plan = soql::plan(self, call, &soql, (0, false)).ok()?;
        let [Column::Field(bound)] = plan.columns.as_slice() else {
            return None;
        };
        let schema = &self.store.schema;
        let field = bound.field(schema);
        let label = field.map_or_else(|| bound.shown.clone(), |f| f.label.clone());
        Some(ViewColumn {
            path: bound.shown.clone(),
            label: match bound.shown.as_str() {
                "Name" => format!("{} Name", self.label_of(object)),
                "Id" => format!("{} ID", self.label_of(object)),
                _ => label,
            },
            kind: bound.kind,
            sortable: !hidden && field.is_some_and(|f| f.sortable),
            hidden,
        })
    }

    fn label_of(&self, object: &str) -> &str {
        let def: Option<&ObjectDef> = self.store.schema.object(object);
        def.map_or("", |def| def.label.as_str())
    }

    fn view_soql(&self, view: &ListView, columns: &[ViewColumn]) -> String {
        let items: Vec<String> = columns.iter().map(ViewColumn::select_item).collect();
        let mut soql = format!("SELECT {} FROM {}", items.join(", "), view.object);
        if view.scope != ListViewScope::Everything {
            soql.push_str(&format!(" USING SCOPE {}", view.scope.name()));
        }
        if !view.filter.is_empty() {
            soql.push_str(&format!(" WHERE {}", view.filter));
        }
        let key = |(path, descending): &(String, bool)| {
            let word = if *descending { "DESC" } else { "ASC" };
            format!("{path} {word} NULLS FIRST")
        };
        let keys: Vec<String> = order_keys(view).iter().map(key).collect();
        soql.push_str(&format!(" ORDER BY {}", keys.join(", ")));
        soql
    }
}

impl ViewColumn {
    fn select_item(&self) -> String {
        match self.kind {
            FieldKind::Picklist | FieldKind::MultiPicklist => format!("toLabel({})", self.path),
            _ => self.path.clone(),
        }
    }

    fn describe(&self, keys: &[(String, bool)]) -> Json {
        let at = keys.iter().position(|(path, _)| *path == self.path);
        let at = at.filter(|_| !self.hidden);
        let labels = (!self.hidden).then(|| sort_labels(self.kind));
        json!({
            "ascendingLabel": labels.map(|(ascending, _)| ascending),
            "descendingLabel": labels.map(|(_, descending)| descending),
            "fieldNameOrPath": self.path,
            "hidden": self.hidden,
            "label": self.label,
            "selectListItem": self.select_item(),
            "sortDirection": at.map(|at| direction(keys[at].1)),
            "sortIndex": at,
            "sortable": self.sortable,
            "type": self.kind.name(),
        })
    }

    /// The column's value in a row of a query, as a text.
    fn text_in(&self, row: &Json) -> Option<String> {
        let mut value = row;
        for name in self.path.split('.') {
            value = value.get(name)?;
        }
        match value {
            Json::Null => None,
            Json::String(text) if self.kind == FieldKind::DateTime => {
                datetime::read_time(text).map(datetime::show_java)
            }
            Json::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }
}

fn sort_labels(kind: FieldKind) -> (&'static str, &'static str) {
    match kind {
        FieldKind::Phone => ("9-0", "0-9"),
        FieldKind::Date | FieldKind::DateTime => ("New to Old", "Old to New"),
        FieldKind::Picklist | FieldKind::MultiPicklist => ("Low to High", "High to Low"),
        kind if kind.is_number() => ("Low to High", "High to Low"),
        _ => ("Z-A", "A-Z"),
    }
}

fn direction(descending: bool) -> &'static str {
    match descending {
        true => "descending",
        false => "ascending",
    }
}

/// Field and whether it descends; the id breaks ties.
fn order_keys(view: &ListView) -> Vec<(String, bool)> {
    let key = |text: &String| {
        let (path, word) = text.trim().split_once(' ').unwrap_or((text, ""));
        (path.to_owned(), word.trim().eq_ignore_ascii_case("DESC"))
    };
    let mut keys: Vec<(String, bool)> = view.order.iter().map(key).collect();
    keys.retain(|(path, _)| !path.is_empty() && path != "Id");
    keys.push(("Id".to_owned(), false));
    keys
}

fn condition_parts(condition: &Condition) -> Json {
    let parts = |word: &str, parts: &[Condition]| {
        let parts: Vec<Json> = parts.iter().map(condition_parts).collect();
        json!({"conditions": parts, "conjunction": word})
    };
    match condition {
        Condition::And(inner) => parts("and", inner),
        Condition::Or(inner) => parts("or", inner),
        Condition::Not(inner) => json!({"condition": condition_parts(inner)}),
        Condition::Compare {
            left,
            operator,
            right,
            ..
        } => compared(left, word(*operator), std::slice::from_ref(right)),
        Condition::Among {
            left,
            among,
            values,
            ..
        } => compared(left, among_word(*among), values),
        Condition::InQuery { left, negated, .. } => json!({
            "field": left.to_string(),
            "operator": if *negated { "not in" } else { "in" },
            "values": [],
        }),
    }
}

fn compared(left: &Expression, operator: &str, values: &[Literal]) -> Json {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    json!({"field": left.to_string(), "operator": operator, "values": values})
}

fn word(operator: Operator) -> &'static str {
    match operator {
        Operator::Equal => "equals",
        Operator::NotEqual => "notEquals",
        Operator::Less => "lessThan",
        Operator::LessOrEqual => "lessThanOrEqualTo",
        Operator::Greater => "greaterThan",
        Operator::GreaterOrEqual => "greaterThanOrEqualTo",
        Operator::Like => "like",
    }
}

fn among_word(among: Among) -> &'static str {
    match among {
        Among::In => "in",
        Among::NotIn => "notIn",
        Among::Includes => "includes",
        Among::Excludes => "excludes",
    }
}
