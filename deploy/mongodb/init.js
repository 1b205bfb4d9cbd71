// Run once by the image when its volume is empty: the services' user, which may read and write its database and nothing else.
db.getSiblingDB("invoices").createUser({
  user: "invoicestream",
  pwd: process.env.MONGO_PASSWORD,
  roles: [{ role: "readWrite", db: "invoices" }],
});
