//! Recipes as they were before 0.2: what was in `[training]` and now stands elsewhere, under its right name.
//!
//! What was called `optimizer = "adam"` took weight decay off the values, which is AdamW. So the old name of the table decides:
//! `training.optimizer = "adam"` is `optimizer.kind = "adamw"`, and an old recipe trains as it always did.

use toml::{Table, Value};

/// Old settings of `[training]` with their table and name now.
const MOVED: [(&str, &str, &str); 5] = [
    ("optimizer", "optimizer", "kind"),
    ("learning_rate", "optimizer", "learning_rate"),
    ("weight_decay", "optimizer", "weight_decay"),
    ("embedding_decay", "optimizer", "embedding_decay"),
    ("patience", "early_stopping", "patience"),
];

/// Whether a recipe has a setting where it was before.
pub(super) fn is_old(recipe: &Table) -> bool {
    recipe
        .get("training")
        .and_then(Value::as_table)
        .is_some_and(|old| MOVED.iter().any(|(name, ..)| old.contains_key(*name)))
}

/// Moves old settings to where they are now.
///
/// # Errors
/// What is wrong: a setting in both places, or an optimiser that there never was.
pub(super) fn migrate(mut recipe: Table) -> Result<Table, String> {
    for (old, table, new) in MOVED {
        let Some(training) = recipe.get_mut("training").and_then(Value::as_table_mut) else { break };
        let Some(mut value) = training.remove(old) else { continue };
        if old == "optimizer" {
            if value.as_str() != Some("adam") {
                return Err(format!("training.optimizer = {value}: the optimiser now stands in [optimizer] kind"));
            }
            value = Value::from("adamw");
        }
        let target = recipe.entry(table).or_insert_with(|| Value::Table(Table::new()));
        let Some(target) = target.as_table_mut() else { return Err(format!("{table} must be a table")) };
        if target.contains_key(new) {
            return Err(format!("training.{old} is the old name of {table}.{new}: give one of them"));
        }
        target.insert(new.to_owned(), value);
    }
    Ok(recipe)
}

#[cfg(test)]
mod tests {
    use super::super::Recipe;
    use super::*;
    use crate::native::train::OptimizerKind;

    #[test]
    fn an_old_recipe_says_what_it_always_said() {
        let old = "[training]\noptimizer = \"adam\"\nlearning_rate = 0.01\nweight_decay = 3.0\nembedding_decay = 4.0\n\
            patience = 7\nepochs = 9\n[scheduler]\nfactor = 0.25\n";
        let new = "[training]\nepochs = 9\n[optimizer]\nkind = \"adamw\"\nlearning_rate = 0.01\nweight_decay = 3.0\n\
            embedding_decay = 4.0\n[early_stopping]\npatience = 7\n[scheduler]\nkind = \"plateau\"\nfactor = 0.25\n";
        let (old, new) = (Recipe::from_toml(old).unwrap(), Recipe::from_toml(new).unwrap());
        assert_eq!(old, new);
        assert_eq!((old.optimizer.kind, old.optimizer.weight_decay), (OptimizerKind::AdamW, 3.0));
    }

    #[test]
    fn a_setting_in_two_places_is_refused() {
        for (text, named) in [
            ("[training]\npatience = 3\n[early_stopping]\npatience = 4", "early_stopping.patience"),
            ("[training]\noptimizer = \"sgd\"", "sgd"),
            ("optimizer = 1\n[training]\nlearning_rate = 1.0", "optimizer must be a table"),
        ] {
            let error = Recipe::from_toml(text).unwrap_err();
            assert_eq!(error.code(), "train.recipe");
            assert!(error.to_string().contains(named), "{error}");
        }
        assert!(!is_old(&"[training]\nepochs = 3".parse().unwrap()));
        assert!(migrate(Table::new()).unwrap().is_empty());
    }
}
