#!/usr/bin/env bash
# Run once by the image when its volume is empty (executable, or it would be sourced): the database and its users, with the rights of docs/deployment.md and no others.
set -euo pipefail

# The passwords are letters and digits (.env.example says so) and go in by the input, never as arguments.
MYSQL_PWD=$MARIADB_ROOT_PASSWORD mariadb --protocol=socket --user=root <<SQL
CREATE DATABASE invoices CHARACTER SET utf8mb4;
CREATE USER 'invoicestream'@'%' IDENTIFIED BY '$SQL_PASSWORD';
GRANT SELECT, INSERT, UPDATE, DELETE ON invoices.* TO 'invoicestream'@'%';
CREATE USER 'invoicestream_migrate'@'%' IDENTIFIED BY '$MIGRATE_PASSWORD';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON invoices.* TO 'invoicestream_migrate'@'%';
SQL
