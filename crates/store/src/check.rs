//! A thorough look at a whole database, for when somebody asks whether it is all right.

use crate::error::StoreError;
use crate::open::Store;

impl Store {
    /// Reads everything: the pages of the file, the references between rows, the log of each campaign.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.check_file().await.map_err(|error| error.at(&self.path))?;
        for campaign in self.campaigns().await? {
            self.load(&campaign.id).await?;
            self.inputs(&campaign.id).await?;
        }
        Ok(())
    }

    async fn check_file(&self) -> Result<(), StoreError> {
        let damaged = |problem: String| StoreError::DamagedFile { path: self.path.clone(), problem };
        let said: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&self.pool).await?;
        if said != "ok" {
            return Err(damaged(said));
        }
        let dangling: Option<String> = sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        match dangling {
            Some(table) => Err(damaged(format!("a row of `{table}` names one that does not exist"))),
            None => Ok(()),
        }
    }
}
